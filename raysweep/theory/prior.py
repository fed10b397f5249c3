"""The prior N(0, I) of latents: how norms of its samples are distributed, and the bounds of the feasible sets."""

import math

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from scipy.special import chdtri

from raysweep.study.solvers import Feasible

BAND = 0.95
"""Share of prior samples that a band of the prior holds, between equal tails."""


def square_per_dim(latent_dim: int) -> tuple[float, float]:
    """The band of ‖z‖² / d for z ~ N(0, I) of d components: quantiles of χ² with d degrees of freedom, over d."""
    low, high = stats.chi2(latent_dim).interval(BAND)
    return float(low) / latent_dim, float(high) / latent_dim


def log_density_per_dim(square: float) -> float:
    """ln N(z; 0, I) / d = −½ (ln 2π + ‖z‖² / d), in nats, from ‖z‖² / d."""
    return -0.5 * (math.log(2 * math.pi) + square)


PLAUSIBLE = 0.997
"""The share of prior samples that a feasible set is meant to hold: three sigma."""


def feasible_norms(feasible: Feasible, latent_dim: int) -> tuple[float, float]:
    """The smallest and the largest ‖z‖ that are feasible, for z ~ N(0, I) of `latent_dim` components.

    `paper_ball` bounds ‖z‖² by its mean plus three standard deviations, d + 3√(2d). ‖z‖² is not Gaussian, so this
    holds 98.2 % of the prior at d = 2, 99.07 % at 10 and 99.81 % at 1000, not the 99.7 % that is meant.
    `chi2_ball` bounds it by the 99.7 % point of its distribution, χ² with d degrees of freedom, and `shell` by the
    points that cut 0.15 % off at either end. For large d hardly any of a ball is where samples are: near its surface.
    Without a constraint the largest is infinite.

    Source: Pinetz, Soukup and Pock (2019), Eq. 5, for the paper's ball.
    """
    if feasible == "paper_ball":
        return 0.0, math.sqrt(latent_dim + 3 * math.sqrt(2 * latent_dim))
    if feasible == "chi2_ball":
        return 0.0, math.sqrt(chdtri(latent_dim, 1 - PLAUSIBLE))
    if feasible == "shell":
        tail = (1 - PLAUSIBLE) / 2
        return math.sqrt(chdtri(latent_dim, 1 - tail)), math.sqrt(chdtri(latent_dim, tail))
    return 0.0, math.inf


def radius(feasible: Feasible, latent_dim: int) -> float:
    """The largest ‖z‖ that is feasible; infinite for no constraint. See `feasible_norms`."""
    return feasible_norms(feasible, latent_dim)[1]


BIN = 0.25
"""Width of the bins in which norms are compared; the prior's standard deviation is 0.60 to 0.71."""


def overlap(norms: NDArray[np.float64], latent_dim: int) -> float:
    """The share that the norms and the prior's have in common: Σ min(p, q) over bins of width `BIN`; 1 if equal.

    p is the share of `norms` in a bin, q that of the χ distribution with `latent_dim` degrees of freedom. With n norms
    drawn from the prior itself it falls short of 1 by about 1 / √n.

    Source: Weitzman (1970), the overlapping coefficient.
    """
    # Norms farther out have practically nothing in common with the prior, and one may be infinite.
    edges = np.arange(0.0, float(stats.chi(latent_dim).ppf(1 - 1e-9)) + 2 * BIN, BIN)
    shares = np.histogram(norms, edges)[0] / len(norms)
    return float(np.minimum(shares, np.diff(stats.chi(latent_dim).cdf(edges))).sum())
