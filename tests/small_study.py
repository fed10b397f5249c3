"""A study of every family and every measure that runs in seconds; also loaded by path, as a user's own study is."""

import math

from raysweep.study import (
    Arm,
    Autoencoder,
    BallLbfgs,
    BirthdayTest,
    ClassRadius,
    Digits,
    Encodings,
    FrechetDistance,
    Gan,
    Glo,
    Holes,
    Interpolant,
    Interpolation,
    KernelDistance,
    LcVae,
    LeNet,
    LevenbergMarquardt,
    LossSurface,
    Memorisation,
    Omega,
    Pca,
    Polynomial,
    PrecisionRecall,
    ProjectedAdam,
    Reconstruction,
    ReconstructionClassifier,
    Resources,
    Samples,
    Study,
    Vae,
    Weights,
    WganGp,
    grid,
)

SMALL = Resources(cpus=1, gpus=0.25)

STUDY = Study(
    name="small",
    title="A small study",
    question="Does the whole way work?",
    data=Digits(limit=200),
    arms=(
        Arm(model=WganGp(steps=60, width=4, batch=16), over={"latent_dim": grid(2, 4)}, resources=SMALL),
        Arm(model=Autoencoder(steps=200, width=4, batch=16), over={"latent_dim": grid(2, 4)}, resources=SMALL),
        Arm(model=Vae(steps=200, width=4, batch=16, latent_dim=2), resources=SMALL),
        Arm(model=LcVae(steps=200, width=4, batch=16, latent_dim=2), over={"c": grid(0.01, math.inf)}, resources=SMALL),
        Arm(model=Pca(latent_dim=2, batch=64), resources=SMALL),
        Arm(model=Glo(steps=60, width=4, batch=16, latent_dim=2), resources=SMALL),
        Arm(model=Polynomial(images=4, nodes="chebyshev"), resources=SMALL),
        Arm(model=Gan(steps=60, width=4, batch=8, packing=2, spectral_norm=True, latent_dim=2), resources=SMALL),
        Arm(name="untrained", model=Gan(steps=0, width=4, latent_dim=2, parameter_budget=2_000), resources=SMALL),
    ),
    seeds=(0, 1),
    measures=(
        Reconstruction(images=20, generated=10, shard=10, keep=2, solver=ProjectedAdam(steps=20, learning_rate=0.05)),
        Reconstruction(
            name="newton", images=6, generated=4, shard=4, keep=0, latents=True, solver=LevenbergMarquardt(bank=500)
        ),
        Reconstruction(
            name="decoder",
            images=4,
            generated=4,
            shifts=(1,),
            foreign=Digits(),
            noise=4,
            shard=4,
            keep=2,
            latents=True,
            solver=BallLbfgs(bank=100, steps=20),
            decoder="invert",
        ),
        Reconstruction(
            name="lbfgs", images=6, generated=4, noise=3, shard=4, keep=0, solver=BallLbfgs(bank=500, steps=30)
        ),
        FrechetDistance(samples=200),
        KernelDistance(samples=200, subsets=5, subset_size=50),
        PrecisionRecall(samples=200),
        Memorisation(samples=50),
        BirthdayTest(samples=50, rate=0.01),
        ClassRadius(samples=20, shard=10, bank=200, rays=4),
        Weights(bins=20, sample=100),
        LossSurface(
            targets=("generated", "train"), samples=2, resolution=9, path=11, solver=BallLbfgs(bank=100, steps=10)
        ),
        Encodings(images=30),
        Holes(samples=100, images=100),
        Omega(pairs=20, jacobians=4),
        Interpolation(pairs=4, shard=3, keep=1),
        Interpolant(prior_points=50),
        Samples(count=16),
        ReconstructionClassifier(of="newton", images=6, classifier=LeNet(steps=5, batch=4)),
    ),
    classifier=LeNet(epochs=5, batch=16),
    checkpoint_seconds=0.2,
)
