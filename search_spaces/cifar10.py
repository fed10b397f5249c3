"""CIFAR-10 as in "Impact of the latent space on the ability of GANs to fit the distribution": Figures 1, 3, 4, 10, 12.

Answers how well a WGAN-GP reaches training and validation images, and how its samples look, from 10 to 1000 latent
dimensions, beside an autoencoder of the same layers. All settings are the paper's: 80,000 generator iterations with 5
critic steps each, Adam 1e-4 (0, 0.9), batches of 64; the autoencoder 80,000 steps with Adam's defaults; inversion by
10,000 steps of projected Adam. Three seeds instead of one. The paper does not say how many images it inverted: here
1,000 of each split. Figure 3 with the paper's inversion is the measure `projected_adam`; `reconstruction` (Figures 3
and 12) inverts the same images by our solvers. Figure 4 is `fid`, Figure 1 `weights`, Figure 10 `unprojected`.

Beside them the families and controls that reviewers asked for: a VAE, SN-GAN, GLO, PCA, the untrained generator, and a
WGAN-GP whose generators have no more parameters at 1000 dimensions than at 10.

Costs 61 EFLOP in 168 trials: five days of one H100, taking 30 % of its peak to be reached.

Needs CIFAR-10 in the data folder, or a connection to download it, and a GPU with 16 GB. The FID needs pytorch-fid's
Inception weights: downloaded at first use, or a file named with --fid-weights. MNIST are the foreign images.

Source: Pinetz, Soukup and Pock (2019), Table 1 and supplementary.
"""

from raysweep.study import (
    Arm,
    Autoencoder,
    Automatic,
    BallLbfgs,
    Cifar10,
    FrechetDistance,
    Gan,
    Glo,
    KernelDistance,
    LeNet,
    LossSurface,
    Memorisation,
    Mnist,
    Pca,
    PrecisionRecall,
    ProjectedAdam,
    Reconstruction,
    Resources,
    Samples,
    Study,
    Vae,
    Weights,
    WganGp,
    grid,
)

DIMENSIONS = {"latent_dim": grid(10, 20, 50, 100, 200, 500, 1000)}
# Batches of 64 leave a large GPU half idle, so two GANs or four of the others share one.
HALF, QUARTER = Resources(gpus=0.5), Resources(gpus=0.25)

STUDY = Study(
    name="cifar10",
    title="Latent dimension on CIFAR-10, as published",
    question="Does a larger latent space let a GAN reach the images it was trained on, and what does its quality pay?",
    data=Cifar10(),
    arms=(
        Arm(
            model=WganGp(steps=80_000, critic_steps=5, batch=64, learning_rate=1e-4, betas=(0.0, 0.9), width=128),
            over=DIMENSIONS,
            resources=HALF,
        ),
        Arm(
            model=Autoencoder(steps=80_000, batch=64, learning_rate=1e-3, betas=(0.9, 0.999), width=128),
            over=DIMENSIONS,
            resources=QUARTER,
        ),
        Arm(model=Vae(steps=80_000, batch=64, width=128), over=DIMENSIONS, resources=QUARTER),
        Arm(name="sn_gan", model=Gan(steps=80_000, spectral_norm=True), over=DIMENSIONS, resources=HALF),
        Arm(model=Glo(steps=80_000), over=DIMENSIONS, resources=QUARTER),
        Arm(model=Pca(), over=DIMENSIONS, resources=QUARTER),
        Arm(name="untrained", model=WganGp(steps=0), over=DIMENSIONS, resources=QUARTER),
        # The budget is that of the paper's generator at dim(z) = 10.
        Arm(
            name="matched",
            model=WganGp(steps=80_000, parameter_budget=17_396_867),
            over=DIMENSIONS,
            resources=HALF,
        ),
    ),
    seeds=(0, 1, 2),
    measures=(
        Reconstruction(images=1_000, shifts=(1, 2, 4, 8), foreign=Mnist(), noise=100),
        Reconstruction(name="inverted_decoder", images=1_000, decoder="invert"),
        Reconstruction(
            name="unprojected", arms=("wgan_gp",), images=1_000, keep=0, solver=Automatic(feasible="everything")
        ),
        Reconstruction(
            name="projected_adam",
            arms=("wgan_gp", "autoencoder"),
            images=1_000,
            keep=0,
            solver=ProjectedAdam(steps=10_000, feasible="paper_ball"),
        ),
        FrechetDistance(name="fid", features="inception", samples=10_000, reference="train"),
        KernelDistance(name="kid", features="inception", samples=10_000),
        PrecisionRecall(features="inception", samples=10_000),
        Memorisation(features="inception"),
        Weights(),
        LossSurface(),
        Samples(),
    ),
    estimated_device="h100",
)

QUICK = BallLbfgs(bank=5_000, starts=4, steps=120)
FEW = {"latent_dim": grid(10, 100)}

# Learning rates are raised to what does best in so few steps.
REDUCED = Study(
    name="cifar10_reduced",
    title="Latent dimension on CIFAR-10, reduced",
    question=STUDY.question,
    reduction="5,000 of 50,000 training images; networks of width 8 instead of 128; 300 generator iterations, with "
    "2 critic steps on batches of 32, instead of 80,000 with 5 on 64; 600 steps for the other families; 2 "
    "dim(z) instead of 7; 2 seeds instead of 3; 16 images inverted instead of 1,000, with at most 120 "
    "steps from 4 starts; features of a LeNet, which classifies these images poorly, instead of "
    "Inception's. Its models are not trained to their end: it shows what the experiment looks like.",
    data=Cifar10(limit=5_000),
    arms=(
        Arm(model=WganGp(steps=300, critic_steps=2, batch=32, learning_rate=1e-3, width=8), over=FEW),
        Arm(model=Autoencoder(steps=600, batch=32, learning_rate=2e-3, width=8), over=FEW),
        Arm(model=Vae(steps=600, batch=64, learning_rate=2e-3, width=16), over=FEW),
        Arm(name="sn_gan", model=Gan(steps=300, batch=32, learning_rate=5e-4, width=8, spectral_norm=True), over=FEW),
        Arm(model=Glo(steps=600, batch=32, width=8), over=FEW),
        Arm(model=Pca(), over=FEW),
        Arm(name="untrained", model=WganGp(steps=0, width=8), over=FEW),
    ),
    seeds=(0, 1),
    measures=(
        Reconstruction(
            images=16,
            generated=16,
            shard=16,
            shifts=(2, 8),
            foreign=Mnist(),
            noise=8,
            solver=QUICK,
            repeated=4,
        ),
        Reconstruction(
            name="unprojected",
            arms=("wgan_gp",),
            images=48,
            generated=0,
            shard=48,
            keep=0,
            solver=BallLbfgs(bank=5_000, starts=4, steps=120, feasible="everything"),
            repeated=4,
        ),
        FrechetDistance(features="lenet", samples=2_000),
        KernelDistance(samples=2_000),
        PrecisionRecall(samples=2_000),
        Memorisation(samples=1_000),
        Weights(),
        LossSurface(),
        Samples(),
    ),
    classifier=LeNet(epochs=10),
)
