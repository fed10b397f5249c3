"""CIFAR-10 as in "Impact of the latent space on the ability of GANs to fit the distribution": Figures 3, 4 and 12.

Answers how well a WGAN-GP reaches training and validation images, and how its samples look, from 10 to 1000 latent
dimensions, beside an autoencoder of the same layers. All settings are the paper's: 80,000 generator iterations with 5
critic steps each, Adam 1e-4 (0, 0.9), batches of 64; the autoencoder 80,000 steps with Adam's defaults; inversion by
10,000 steps of projected Adam. Three seeds instead of one. The paper does not say how many images it inverted: here
1,000 of each split. Figure 3 with the paper's inversion is the measure `projected_adam`; `reconstruction` (Figures 3
and 12) inverts the same images by our solvers. Figure 4 is `fid`.

Costs 30.6 EFLOP in 42 trials: two to three days of one H100, taking 30 % of its peak to be reached.

Needs CIFAR-10 in the data folder, or a connection to download it, and a GPU with 16 GB. The FID needs pytorch-fid's
Inception weights: downloaded at first use, or a file named with --fid-weights.

Source: Pinetz, Soukup and Pock (2019), Table 1 and supplementary.
"""

from raysweep.study import (
    Arm,
    Autoencoder,
    Cifar10,
    FrechetDistance,
    ProjectedAdam,
    Reconstruction,
    Resources,
    Samples,
    Study,
    WganGp,
    grid,
)

DIMENSIONS = grid(10, 20, 50, 100, 200, 500, 1000)

STUDY = Study(
    name="cifar10",
    title="Latent dimension on CIFAR-10, as published",
    question="Does a larger latent space let a GAN reach the images it was trained on, and what does its quality pay?",
    data=Cifar10(),
    arms=(
        # Batches of 64 leave a large GPU half idle, so two GANs or four autoencoders share one.
        Arm(
            model=WganGp(steps=80_000, critic_steps=5, batch=64, learning_rate=1e-4, betas=(0.0, 0.9), width=128),
            over={"latent_dim": DIMENSIONS},
            resources=Resources(gpus=0.5),
        ),
        Arm(
            model=Autoencoder(steps=80_000, batch=64, learning_rate=1e-3, betas=(0.9, 0.999), width=128),
            over={"latent_dim": DIMENSIONS},
            resources=Resources(gpus=0.25),
        ),
    ),
    seeds=(0, 1, 2),
    measures=(
        Reconstruction(images=1_000),
        Reconstruction(
            name="projected_adam", images=1_000, keep=0, solver=ProjectedAdam(steps=10_000, feasible="paper_ball")
        ),
        FrechetDistance(name="fid", features="inception", samples=10_000, reference="train"),
        Samples(),
    ),
    estimated_device="h100",
)
