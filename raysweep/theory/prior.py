"""The prior N(0, I) of latents: how norms of its samples are distributed, and the bounds of the feasible sets."""

import math

import numpy as np
from numpy.typing import NDArray
from scipy import stats

BAND = 0.95
"""Share of prior samples that a band of the prior holds, between equal tails."""


def square_per_dim(latent_dim: int) -> tuple[float, float]:
    """The band of ‖z‖² / d for z ~ N(0, I) of d components: quantiles of χ² with d degrees of freedom, over d."""
    low, high = stats.chi2(latent_dim).interval(BAND)
    return float(low) / latent_dim, float(high) / latent_dim


def log_density_per_dim(square: float) -> float:
    """ln N(z; 0, I) / d = −½ (ln 2π + ‖z‖² / d), in nats, from ‖z‖² / d."""
    return -0.5 * (math.log(2 * math.pi) + square)


def bounds(feasible: str, latent_dim: int) -> tuple[float, float]:
    """The smallest and the largest ‖z‖² that are feasible; see `raysweep.study.solvers.Feasible`."""
    square = stats.chi2(latent_dim)
    if feasible == "paper_ball":
        return 0.0, latent_dim + 3 * math.sqrt(2 * latent_dim)
    if feasible == "chi2_ball":
        return 0.0, float(square.ppf(0.997))
    if feasible == "shell":
        return float(square.ppf(0.0015)), float(square.ppf(0.9985))
    return 0.0, math.inf


BIN = 0.25
"""Width of the bins in which norms are compared; the prior's standard deviation is 0.60 to 0.71."""


def overlap(norms: NDArray[np.float64], latent_dim: int) -> float:
    """The share that the norms and the prior's have in common: Σ min(p, q) over bins of width `BIN`; 1 if equal.

    p is the share of `norms` in a bin, q that of the χ distribution with `latent_dim` degrees of freedom. With n norms
    drawn from the prior itself it falls short of 1 by about 1 / √n.

    Source: Weitzman (1970), the overlapping coefficient.
    """
    edges = np.arange(0.0, max(float(norms.max()), float(stats.chi(latent_dim).ppf(1 - 1e-9))) + 2 * BIN, BIN)
    shares = np.histogram(norms, edges)[0] / len(norms)
    return float(np.minimum(shares, np.diff(stats.chi(latent_dim).cdf(edges))).sum())
