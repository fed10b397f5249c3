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
    Digits,
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


def arms(resources: Resources, lam: float, **settings: Any) -> tuple[Arm, ...]:
    """The arms, each varying one reading; `settings` are those that all models share."""
    gains, no_norm, sample = {"clamp": "weights_and_gains"}, {"encoder_norm": False}, {"encoding": "sample"}
    readings: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
        "lc_vae": ({}, {"c": grid(0.003, 0.03, 0.3, inf)}),
        "lc_vae_gains": (gains, {"c": grid(0.003, 0.03, 0.3)}),
        "lc_vae_no_norm": (no_norm, {"c": grid(0.003, 0.03, 0.3, inf)}),
        "lc_vae_sample": (sample, {}),
        "lc_vae_reduction": ({}, {"reduction": grid("mean", "sum")}),
    }
    return (
        Arm(model=Vae(latent_dim=10, **settings), resources=resources),
        *(
            Arm(name=name, model=LcVae(latent_dim=10, lam=lam, **reading, **settings), over=over, resources=resources)
            for name, (reading, over) in readings.items()
        ),
    )


STUDY = Study(
    name="lcvae_readings",
    title="The LC-VAE in every reading",
    question="Which reading of the LC-VAE's clamp and regulariser changes its latent space by more than its scale?",
    data=Mnist(),
    arms=arms(Resources(gpus=0.5), lam=30.0),
    seeds=(0, 1, 2),
    measures=(
        Reconstruction(images=1_000),
        FrechetDistance(features="lenet", samples=10_000),
        Holes(),
        Omega(),
        Samples(),
    ),
    estimated_device="a100",
)

# The paper's λ = 30 makes every code the same on images this small.
REDUCED = Study(
    name="lcvae_readings_reduced",
    title="The LC-VAE in every reading, reduced",
    question=STUDY.question,
    reduction="The 1,797 digits of 8 × 8 pixels instead of MNIST, so λ = 1 instead of 30; networks of width 8 instead "
    "of 128; 1,000 steps on batches of 64 (45 epochs) instead of 20 epochs on batches of 300; no Fréchet distance.",
    data=Digits(),
    arms=arms(Resources(), lam=1.0, steps=1_000, batch=64, learning_rate=3e-3, width=8),
    seeds=STUDY.seeds,
    measures=(Reconstruction(images=64), Holes(samples=2_000), Omega(pairs=2_000, jacobians=16), Samples()),
)
