"""Tuning the LC-VAE on MNIST: which λ, c, clamp, dim(z) and learning rate do best, on objectives that pull apart?

The paper set λ = 30 and c = 0.3 by hand. They and the plain VAE are tried first, and trained on fresh seeds beside the
finalists. Each finalist's twin is the plain VAE with its dim(z) and learning rate.

Needs MNIST in the data folder, or a connection to download it.

Source: Manoj (2018), Section 4.
"""

from math import inf

from raysweep.study import ClassRadius, FrechetDistance, LcVae, LeNet, Mnist, Omega, Resources, Samples
from raysweep.tuning import Tuning, choice, integers, log_uniform

SPACE = {
    "lam": log_uniform(0.1, 300, otherwise=0),
    "c": log_uniform(0.003, 0.3, otherwise=inf),
    "clamp": choice("weights", "weights_and_gains", only_with="c"),
    "latent_dim": integers(2, 50, log=True),
    "learning_rate": log_uniform(1e-4, 1e-2),
}
BASELINES = {"published": {"lam": 30, "c": 0.3}, "plain_vae": {"lam": 0, "c": inf}}
QUESTION = "Does any λ and c make a VAE better than λ = 0 and c = ∞ do, and at what price?"

STUDY = Tuning(
    name="lcvae_tuning",
    title="Tuning the LC-VAE on MNIST",
    question=QUESTION,
    data=Mnist(),
    model=LcVae(latent_dim=10),
    space=SPACE,
    objectives=("held_out_loss", "looseness", "class_radius", "frechet"),
    measures=(Omega(), ClassRadius(samples=1_000), FrechetDistance(features="lenet", samples=10_000)),
    final_measures=(Samples(),),
    baselines=BASELINES,
    twin="plain_vae",
    configurations=100,
    parallel=8,
    resources=Resources(gpus=0.5),
    estimated_device="a100",
)

REDUCED = Tuning(
    name="lcvae_tuning_reduced",
    title="Tuning the LC-VAE on MNIST, reduced",
    question=QUESTION,
    reduction="3,000 of 60,000 training images; networks of width 8 instead of 128; 200 steps on batches of 64 instead "
    "of 20 epochs; 24 configurations instead of 100 and at most 2 finalists instead of 4; 3 fresh seeds instead of 5; "
    "50 class radii of a shorter search instead of 1,000; 2,000 samples for the Fréchet distance instead of 10,000.",
    data=Mnist(limit=3_000),
    model=LcVae(latent_dim=10, steps=200, batch=64, width=8),
    space=SPACE,
    objectives=("held_out_loss", "looseness", "class_radius", "frechet"),
    measures=(
        Omega(pairs=2_000, jacobians=8),
        ClassRadius(samples=50, bank=1_000, bank_starts=2, rays=8, ray_starts=2),
        FrechetDistance(features="lenet", samples=2_000),
    ),
    final_measures=(Samples(),),
    baselines=BASELINES,
    twin="plain_vae",
    configurations=24,
    finalists=2,
    fresh_seeds=(100, 101, 102),
    classifier=LeNet(epochs=4),
)
