"""The LC-VAE on MNIST as in "Looser is Worse", Section 4: does constraining the encoder tighten the latent space?

Answers whether λ and the clamp c lower the class radius, and what they cost in reconstruction and sample quality, in
10 latent dimensions and in the 2 of Figures 2.2 and 4.1. λ = 0 with c = ∞ is the plain VAE. All settings are the
paper's: the networks of Tables 1 and 2, 20 epochs, batches of 300, Adam 1e-3; λ = 30 and c = 0.3 where they are on.
`encodings` and `holes` are Figures 2.2 and 4.1, `samples` Figure 4.2, `reconstruction` Figure 4.3, and `interpolation`
the walks of Section 4.3.

The published c = 0.3 clamps almost no weight, and BatchNorm undoes the scale of those that it does. So two more arms
go on to clamps that bind, of the weights alone and of BatchNorm's gains too.

Costs 24.9 PFLOP in 40 trials: 130 hours of a CPU core (a few with --set 'arms.*.width=16'). On one GPU, which two
trials share, reckon an hour or two; that is not measured yet.

Needs MNIST in the data folder, or a connection to download it.

Source: Manoj (2018), Section 4.
"""

from math import inf

from raysweep.study import (
    Arm,
    ClassMap,
    ClassRadius,
    Encodings,
    FrechetDistance,
    Holes,
    Interpolation,
    LcVae,
    LeNet,
    Mnist,
    Omega,
    Reconstruction,
    Resources,
    Samples,
    Study,
    grid,
)

SHARED_GPU = Resources(gpus=0.5)
PUBLISHED = {"lam": grid(0, 30), "c": grid(0.3, inf)}

STUDY = Study(
    name="lcvae_mnist",
    title="The LC-VAE on MNIST, as published",
    question="Do λ and the clamp c tighten the latent space, and what do they cost in reconstruction and quality?",
    data=Mnist(),
    arms=(
        Arm(model=LcVae(latent_dim=10), over=PUBLISHED, resources=SHARED_GPU),
        Arm(name="lc_vae_2d", model=LcVae(latent_dim=2), over=PUBLISHED, resources=SHARED_GPU),
        Arm(
            name="clamped_weights",
            model=LcVae(latent_dim=10, lam=0, clamp="weights"),
            over={"c": grid(0.003, 0.03)},
            resources=SHARED_GPU,
        ),
        Arm(
            name="clamped_gains",
            model=LcVae(latent_dim=10, lam=0, clamp="weights_and_gains"),
            over={"c": grid(0.003, 0.03, 0.3)},
            resources=SHARED_GPU,
        ),
    ),
    seeds=(0, 1, 2),
    measures=(
        Reconstruction(images=1_000),
        FrechetDistance(features="lenet", samples=10_000),
        ClassRadius(samples=1_000),
        ClassMap(),
        Encodings(),
        Holes(),
        Omega(),
        Interpolation(),
        Samples(),
    ),
    estimated_device="a100",
)

SHORT = {"steps": 2_000, "batch": 64, "learning_rate": 2e-3, "width": 16}

REDUCED = Study(
    name="lcvae_mnist_reduced",
    title="The LC-VAE on MNIST, reduced",
    question=STUDY.question,
    reduction="Networks of width 16 instead of 128; 2,000 steps on batches of 64 (2.1 epochs) instead of 20 epochs; "
    "2 seeds instead of 3; 200 images reconstructed and 200 class radii instead of 1,000.",
    data=Mnist(),
    arms=(
        Arm(model=LcVae(latent_dim=10, **SHORT), over={"lam": grid(0, 30), "c": grid(0.03, 0.3, inf)}),
        Arm(name="lc_vae_2d", model=LcVae(latent_dim=2, **SHORT), over={"lam": grid(0, 30), "c": grid(0.3, inf)}),
    ),
    seeds=(0, 1),
    measures=(
        Reconstruction(images=200),
        FrechetDistance(features="lenet", samples=5_000),
        ClassRadius(samples=200, bank=5_000),
        ClassMap(),
        Encodings(images=2_000),
        Holes(samples=4_000, images=4_000),
        Omega(),
        Interpolation(pairs=200),
        Samples(),
    ),
    classifier=LeNet(epochs=1),
)
