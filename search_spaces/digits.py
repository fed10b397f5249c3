"""The default study: the 1,797 handwritten digits that scikit-learn ships, in minutes, with nothing to download.

Answers, in small, what the larger studies ask: how reconstruction, sample quality and the class radius depend on
dim(z) for four model families, and what λ and the clamp c of the LC-VAE do at one dim(z). Generators are inverted by
our solvers and, in the measure `projected_adam`, as the paper does it, with fewer and longer steps.

Costs 5.87 TFLOP in 37 trials: under three minutes on two cores, Ray's start included.

Needs nothing but the installation.
"""

from math import inf

from raysweep.study import (
    Arm,
    Autoencoder,
    ClassRadius,
    Digits,
    FrechetDistance,
    LcVae,
    LeNet,
    ProjectedAdam,
    Reconstruction,
    Resources,
    Samples,
    Study,
    Vae,
    WganGp,
    grid,
)

DIMENSIONS = grid(2, 8, 32)
SHARED_GPU = Resources(gpus=0.1)

# Learning rates are those that do best in so few steps. λ and c act here: the paper's λ = 30 makes every code the same
# on images this small, and its c = 0.3 clamps nothing.
STUDY = Study(
    name="digits",
    title="Latent dimension on handwritten digits",
    question="How do reconstruction, sample quality and class radius of four model families depend on dim(z), λ and c?",
    data=Digits(),
    arms=(
        Arm(
            model=WganGp(steps=300, learning_rate=2e-3, width=8),
            over={"latent_dim": DIMENSIONS},
            resources=SHARED_GPU,
        ),
        Arm(
            model=Autoencoder(steps=800, learning_rate=3e-3, width=16),
            over={"latent_dim": DIMENSIONS},
            resources=SHARED_GPU,
        ),
        Arm(
            model=Vae(steps=800, batch=64, learning_rate=3e-3, width=16),
            over={"latent_dim": DIMENSIONS},
            resources=SHARED_GPU,
        ),
        Arm(
            model=LcVae(steps=800, batch=64, learning_rate=3e-3, width=16, lam=3, c=0.03),
            over={"latent_dim": DIMENSIONS},
            resources=SHARED_GPU,
        ),
        Arm(
            name="lc_vae_grid",
            model=LcVae(steps=800, batch=64, learning_rate=3e-3, width=16, latent_dim=8),
            over={"lam": grid(0, 3), "c": grid(0.01, 0.03, inf)},
            resources=SHARED_GPU,
        ),
    ),
    seeds=(0, 1),
    measures=(
        Reconstruction(images=64, generated=32, shard=64),
        Reconstruction(
            name="projected_adam",
            images=64,
            generated=32,
            shard=64,
            keep=0,
            solver=ProjectedAdam(steps=150, learning_rate=0.2),
        ),
        FrechetDistance(features="lenet", samples=5_000),
        ClassRadius(samples=100, shard=100, bank=2_000),
        Samples(),
    ),
    classifier=LeNet(epochs=20),
)
