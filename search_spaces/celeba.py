"""CelebA at 64 × 64 as in "Impact of the latent space on the ability of GANs to fit the distribution": Figures 3 to 5.

Answers how well a WGAN-GP reaches faces that it was trained on and others, and how its samples look, from 10 to 5000
latent dimensions, beside an autoencoder of the same layers. All settings are the paper's, as in the study `cifar10`;
a random 20 % of the images validates. Three seeds instead of one; 1,000 images of each split are inverted. Figure 3
with the paper's inversion is the measure `projected_adam`; `reconstruction` (Figures 3 and 5) inverts the same images
by our solvers. Figure 4 is `fid`.

Costs 143 EFLOP in 36 trials: eleven days of one H100, taking 30 % of its peak to be reached. A study for a cluster.

Needs CelebA in the data folder (Google limits its download: see torchvision's CelebA), and GPUs with 24 GB. The FID
needs pytorch-fid's Inception weights: downloaded at first use, or a file named with --fid-weights.

Source: Pinetz, Soukup and Pock (2019), Table 1 and supplementary.
"""

from raysweep.study import (
    Arm,
    Autoencoder,
    CelebA,
    FrechetDistance,
    ProjectedAdam,
    Reconstruction,
    Resources,
    Samples,
    Study,
    WganGp,
    grid,
)

DIMENSIONS = grid(10, 50, 100, 500, 1000, 5000)

STUDY = Study(
    name="celeba",
    title="Latent dimension on CelebA, as published",
    question="Does a larger latent space let a GAN reach the faces it was trained on, and what does its quality pay?",
    data=CelebA(size=64),
    arms=(
        Arm(
            model=WganGp(steps=80_000, critic_steps=5, batch=64, learning_rate=1e-4, betas=(0.0, 0.9), width=128),
            over={"latent_dim": DIMENSIONS},
            resources=Resources(gpus=1),
        ),
        Arm(
            model=Autoencoder(steps=80_000, batch=64, learning_rate=1e-3, betas=(0.9, 0.999), width=128),
            over={"latent_dim": DIMENSIONS},
            resources=Resources(gpus=0.5),
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
