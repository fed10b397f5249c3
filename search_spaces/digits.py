"""The default study: the 1,797 handwritten digits that scikit-learn ships, in minutes, with nothing to download.

Answers, in small, what the larger studies ask: how reconstruction, sample quality and the class radius depend on
dim(z) for four model families, and what λ and the clamp c of the LC-VAE do at one dim(z).

Costs 4.03 TFLOP in 33 trials: under three minutes on two cores.

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

STUDY = Study(
    name="digits",
    title="Latent dimension on handwritten digits",
    question="How do reconstruction, sample quality and class radius of four model families depend on dim(z), λ and c?",
    data=Digits(),
    arms=(
        Arm(model=WganGp(steps=400, width=8), over={"latent_dim": DIMENSIONS}, resources=SHARED_GPU),
        Arm(model=Autoencoder(steps=800, width=8), over={"latent_dim": DIMENSIONS}, resources=SHARED_GPU),
        Arm(model=Vae(steps=600, batch=64, width=16), over={"latent_dim": DIMENSIONS}, resources=SHARED_GPU),
        Arm(model=LcVae(steps=600, batch=64, width=16), over={"latent_dim": DIMENSIONS}, resources=SHARED_GPU),
        Arm(
            name="lc_vae_grid",
            model=LcVae(steps=600, batch=64, width=16, latent_dim=8),
            over={"lam": grid(0, 30), "c": grid(0.01, inf)},
            resources=SHARED_GPU,
        ),
    ),
    seeds=(0, 1),
    measures=(
        Reconstruction(images=100, generated=50, shard=50, solver=ProjectedAdam(steps=300, learning_rate=0.05)),
        FrechetDistance(features="lenet", samples=1_000),
        ClassRadius(samples=100, shard=50, bank=2_000),
        Samples(),
    ),
    classifier=LeNet(epochs=10),
)
