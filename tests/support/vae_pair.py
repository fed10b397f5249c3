"""A VAE and an LC-VAE whose numbers differ by a given factor."""

import math
from collections.abc import Callable

from raysweep.study import Arm, ClassRadius, FrechetDistance, Holes, Interpolation, LcVae, Study, Trial, Vae
from raysweep.study.measures import MeasureSettings
from support.pretended_results import DIMS, pretended_study

OF_CODES = (Holes(), Interpolation(pairs=100, points=5))
OF_SAMPLES = (ClassRadius(samples=20, shard=20), FrechetDistance(samples=10))


def vae_and_lc_vae(*measures: MeasureSettings, **lc_vae: int) -> Study:
    arms = (
        Arm(model=Vae(width=8), over={"latent_dim": DIMS}),
        Arm(model=LcVae(**{"width": 8, **lc_vae}), over={"latent_dim": DIMS}),
    )
    return pretended_study(arms=arms, measures=measures)


def share(of_lc_vae: float, noise: float = 0.01) -> Callable[[Trial, str], float]:
    """0.4 for the VAE, and that times a factor for the LC-VAE; seeds spread the other way in each."""

    def of(trial: Trial, part: str) -> float:
        ours = trial.model.family == "lc_vae"
        return 0.4 * (of_lc_vae if ours else 1.0) * (1 + noise * (-1 if ours else 1) * trial.seed)

    return of


def only(part: str, values: Callable[[Trial, str], float]) -> Callable[[Trial, str], float]:
    return lambda trial, at: values(trial, at) if at == part else 0.5


def radius(tight: float, noise: float = 0.01) -> Callable[[Trial], float]:
    """1 for a plain VAE (or λ = 0 with c = ∞), and less by a factor `tight` for an LC-VAE."""

    def of(trial: Trial) -> float:
        plain = getattr(trial.model, "lam", 0.0) == 0 and getattr(trial.model, "c", math.inf) == math.inf
        sign = 1 if trial.model.family == "vae" else -1
        return (1.0 if plain else tight) * (1 + noise * sign * trial.seed)

    return of
