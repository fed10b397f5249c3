"""The LC-VAE of "Looser is Worse" in every reading that the paper leaves open: which of them does anything at all?

Each arm varies one reading, the others staying at their defaults, in 10 latent dimensions on MNIST:

- `vae`: the plain one, the control of λ.
- `lc_vae`: λ = 30 and the published c = 0.3, one and two orders less, and none: weights are clamped.
- `lc_vae_gains`: BatchNorm's gains are clamped as well.
- `lc_vae_no_norm`: there is no BatchNorm in the encoder that could undo the clamp; c = ∞ is its control.
- `lc_vae_sample`: ω is that of a sample of the posterior instead of its mean.
- `lc_vae_reduction`: ω is averaged over the pairs of a batch, or summed, beside a loss per image.

All other settings are the paper's. `omega` says how far codes were pulled together, and whether by more than their
scale; `holes` what that did to the latent space; the metric `at_clamp` of the history how many weights the clamp holds.

Costs 26.2 PFLOP in 46 trials: 150 hours of a CPU core. On one GPU, which two trials share, reckon an hour or two;
that is not measured yet. The reduced form takes minutes on one core.

Needs MNIST in the data folder, or a connection to download it. What came out: docs/lc-vae.md.

Source: Manoj (2018), Section 4.
"""

from math import inf
from typing import Any

from raysweep.study import (
    Arm,
    Encodings,
    FrechetDistance,
    Holes,
    LcVae,
    Mnist,
    Omega,
    Reconstruction,
    Resources,
    Samples,
    Study,
    Vae,
    grid,
)


def arms(resources: Resources, **settings: Any) -> tuple[Arm, ...]:
    """The arms, each varying one reading; `settings` are those that all models share."""
    return tuple(
        Arm(name=name, model=model, over=over, resources=resources)
        for name, model, over in (
            ("vae", Vae(latent_dim=10, **settings), {}),
            ("lc_vae", LcVae(latent_dim=10, **settings), {"c": grid(0.003, 0.03, 0.3, inf)}),
            (
                "lc_vae_gains",
                LcVae(latent_dim=10, clamp="weights_and_gains", **settings),
                {"c": grid(0.003, 0.03, 0.3)},
            ),
            (
                "lc_vae_no_norm",
                LcVae(latent_dim=10, encoder_norm=False, **settings),
                {"c": grid(0.003, 0.03, 0.3, inf)},
            ),
            ("lc_vae_sample", LcVae(latent_dim=10, encoding="sample", **settings), {}),
            ("lc_vae_reduction", LcVae(latent_dim=10, **settings), {"reduction": grid("mean", "sum")}),
        )
    )


STUDY = Study(
    name="lcvae_readings",
    title="The LC-VAE in every reading",
    question="Which reading of the LC-VAE's clamp and regulariser changes its latent space by more than its scale?",
    data=Mnist(),
    arms=arms(Resources(gpus=0.5)),
    seeds=(0, 1, 2),
    measures=(
        Reconstruction(images=1_000),
        FrechetDistance(features="lenet", samples=10_000),
        Encodings(),
        Holes(),
        Omega(),
        Samples(),
    ),
    estimated_device="a100",
)

REDUCED = Study(
    name="lcvae_readings_reduced",
    title="The LC-VAE in every reading, reduced",
    question=STUDY.question,
    reduction="Networks of width 8 instead of 128; 500 steps on batches of 64 (0.5 epochs) instead of 20 epochs on "
    "batches of 300; 2,000 prior samples, codes and pairs instead of 10,000; no Fréchet distance.",
    data=Mnist(),
    arms=arms(Resources(), steps=500, batch=64, learning_rate=2e-3, width=8),
    seeds=STUDY.seeds,
    measures=(
        Reconstruction(images=100),
        Encodings(images=1_000),
        Holes(samples=2_000, images=2_000),
        Omega(pairs=2_000, jacobians=16),
        Samples(),
    ),
)
