"""MNIST: the paper's architectures at an eighth of their width, so that one GPU or a patient CPU is enough.

Answers, on 60,000 real images, how reconstruction, sample quality and the class radius change from 2 to 64 latent
dimensions, for a GAN, an autoencoder and two VAEs, with three seeds. Generators are inverted by our solvers and, in the
measure `projected_adam`, as the paper does it, with fewer and longer steps.

Costs 10.2 PFLOP in 37 trials: a night on eight CPU cores. On one GPU, which four trials share, reckon an hour or two;
that is not measured yet.

Needs MNIST in the data folder, or a connection to download it.
"""

from raysweep.study import (
    Arm,
    Autoencoder,
    ClassRadius,
    FrechetDistance,
    LcVae,
    Mnist,
    ProjectedAdam,
    Reconstruction,
    Resources,
    Samples,
    Study,
    Vae,
    WganGp,
    grid,
)

DIMENSIONS = grid(2, 10, 64)
SHARED_GPU = Resources(gpus=0.25)

STUDY = Study(
    name="mnist",
    title="Latent dimension on MNIST",
    question="How do reconstruction, sample quality and class radius of four model families depend on dim(z)?",
    data=Mnist(),
    arms=(
        Arm(model=WganGp(steps=8_000, width=16), over={"latent_dim": DIMENSIONS}, resources=SHARED_GPU),
        Arm(model=Autoencoder(steps=10_000, width=16), over={"latent_dim": DIMENSIONS}, resources=SHARED_GPU),
        Arm(model=Vae(epochs=20, width=32), over={"latent_dim": DIMENSIONS}, resources=SHARED_GPU),
        Arm(model=LcVae(epochs=20, width=32), over={"latent_dim": DIMENSIONS}, resources=SHARED_GPU),
    ),
    seeds=(0, 1, 2),
    measures=(
        Reconstruction(images=500),
        Reconstruction(
            name="projected_adam", images=200, keep=0, solver=ProjectedAdam(steps=1_000, learning_rate=0.1), shard=50
        ),
        FrechetDistance(features="lenet", samples=10_000),
        ClassRadius(samples=500),
        Samples(),
    ),
    estimated_device="laptop-core",
)
