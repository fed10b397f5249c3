"""The latents that count as plausible, to which inversions are confined: a ball around the origin, or all of them."""

import math

from scipy.special import chdtri
from torch import Tensor

from raysweep.study.solvers import Feasible

PLAUSIBLE = 0.997
"""The share of prior samples that the ball is meant to hold: three sigma."""


def radius(feasible: Feasible, latent_dim: int) -> float:
    """Largest ‖z‖ that is feasible, for z ~ N(0, I) of `latent_dim` components; infinite for no constraint.

    `paper_ball` bounds ‖z‖² by its mean plus three standard deviations, d + 3√(2d). ‖z‖² is not Gaussian, so this
    holds 98.2 % of the prior at d = 2, 99.07 % at 10 and 99.81 % at 1000, not the 99.7 % that is meant.
    `chi2_ball` bounds it by the 99.7 % point of its distribution, χ² with d degrees of freedom.

    Source: Pinetz, Soukup and Pock (2019), Eq. 5, for the paper's ball.
    """
    if feasible == "paper_ball":
        return math.sqrt(latent_dim + 3 * math.sqrt(2 * latent_dim))
    if feasible == "chi2_ball":
        return math.sqrt(chdtri(latent_dim, 1 - PLAUSIBLE))
    return math.inf


def project(z: Tensor, limit: float) -> Tensor:
    """The nearest latents with ‖z‖ ≤ `limit`: those outside are scaled down, those inside come back unchanged."""
    scale: Tensor = (limit / z.norm(dim=-1, keepdim=True)).clamp(max=1.0)
    return z * scale
