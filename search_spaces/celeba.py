"""CelebA at 64 × 64 as in "Impact of the latent space on the ability of GANs to fit the distribution".

Figures 1 to 8 and 11: how well a WGAN-GP reaches faces that it was trained on and others, shifted faces, CIFAR-10's
images and noise, and how its samples look, from 10 to 5000 latent dimensions, beside an autoencoder of the same layers.
All settings are the paper's, as in the study `cifar10`; a random 20 % of the images validates. Three seeds instead of
one; 1,000 images of each kind are inverted. Figure 3 with the paper's inversion is the measure `projected_adam`;
`reconstruction` (Figures 3, 5 to 8 and 11) inverts by our solvers. Figure 4 is `fid`, Figure 1 `weights`, Figure 2
`loss_surface`. Controls: PCA, and the untrained generator, which is degrees of freedom alone.

Costs 146 EFLOP in 72 trials: eleven days of one H100, taking 30 % of its peak to be reached. A study for a cluster.

Needs CelebA in the data folder (Google limits its download: see torchvision's CelebA), CIFAR-10 beside it, and GPUs
with 24 GB. The FID needs pytorch-fid's Inception weights: downloaded at first use, or a file named with --fid-weights.

Source: Pinetz, Soukup and Pock (2019), Table 1 and supplementary.
"""

from raysweep.study import (
    Arm,
    Autoencoder,
    BallLbfgs,
    CelebA,
    Cifar10,
    FrechetDistance,
    KernelDistance,
    LossSurface,
    Memorisation,
    Pca,
    PrecisionRecall,
    ProjectedAdam,
    Reconstruction,
    Resources,
    Samples,
    Study,
    Weights,
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
        Arm(model=Pca(), over={"latent_dim": DIMENSIONS}, resources=Resources(gpus=0.5)),
        Arm(name="untrained", model=WganGp(steps=0), over={"latent_dim": DIMENSIONS}, resources=Resources(gpus=0.5)),
    ),
    seeds=(0, 1, 2),
    measures=(
        Reconstruction(images=1_000, shifts=(1, 2, 4, 8), foreign=Cifar10(), noise=100),
        Reconstruction(name="inverted_decoder", arms=("autoencoder",), images=1_000, decoder="invert"),
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
    # Checkpoints are up to 7.3 GB: every two minutes they would take half an hour of the longest trial.
    checkpoint_seconds=900,
    estimated_device="h100",
)

QUICK = BallLbfgs(bank=5_000, starts=4, steps=120)
FEW = {"latent_dim": grid(10, 100)}

# Learning rates are raised to what does best in so few steps on MNIST and CIFAR-10.
REDUCED = Study(
    name="celeba_reduced",
    title="Latent dimension on CelebA, reduced",
    question=STUDY.question,
    reduction="5,000 of 162,079 training images; networks of width 4 instead of 128; 300 generator iterations, with "
    "2 critic steps on batches of 32, instead of 80,000 with 5 on 64; 400 steps of the autoencoder; 2 "
    "dim(z) instead of 6; 2 seeds instead of 3; 12 images inverted instead of 1,000, with at most 120 "
    "steps from 4 starts; no FID, since these samples are not worth one. Its models are not trained to "
    "their end: it shows what the experiment looks like.",
    data=CelebA(size=64, limit=5_000),
    arms=(
        Arm(model=WganGp(steps=300, critic_steps=2, batch=32, learning_rate=1e-3, width=4), over=FEW),
        Arm(model=Autoencoder(steps=400, batch=32, learning_rate=2e-3, width=4), over=FEW),
        Arm(name="untrained", model=WganGp(steps=0, width=4), over=FEW),
    ),
    seeds=(0, 1),
    measures=(
        Reconstruction(images=12, generated=12, shard=12, shifts=(2, 8), foreign=Cifar10(), noise=8, solver=QUICK),
        Weights(),
        LossSurface(),
        Samples(),
    ),
)
