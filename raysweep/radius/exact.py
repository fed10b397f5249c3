"""Class radii in closed form: those of the examples in "Looser is Worse", against which the search is tested."""

from dataclasses import dataclass
from itertools import pairwise
from statistics import NormalDist
from typing import Literal

import numpy as np
import torch
from torch import Tensor

NORMAL = NormalDist()
NODES = 64
"""Of the Gauss-Legendre rule on each smooth piece of an integrand."""
FARTHEST = 9.0
"""Where integrals over latents end: a coordinate of z ~ N(0, I) is beyond with a probability of 10⁻¹⁹."""


@dataclass(frozen=True)
class Boxes:
    """Classes whose cells in latent space are boxes: each axis is cut at the same places, where the class changes.

    Source: Manoj (2018), Examples 2.1 and 2.2, through the generators of `raysweep.study.Toy`.
    """

    cuts: tuple[float, ...]
    """Where an axis is cut, in order."""
    latent_dim: int
    labels: tuple[int, ...]
    """Which class each interval between the cuts belongs to, the outermost ones included."""

    def radius(self, z: Tensor) -> Tensor:
        """r(z) of latents (count, dim(z)): the distance to the nearest cut of any axis.

        To leave a box, one of its sides must be reached, and the nearest point beyond a side lies across it.
        """
        distance = (z[:, :, None] - torch.tensor(self.cuts, dtype=z.dtype, device=z.device)).abs()
        return distance.flatten(1).amin(dim=1)

    def expected_radius(self) -> float:
        """E[r(z)] for z ~ N(0, I), to 12 digits.

        It is the integral of P(r > s) = S(s)^d over s from 0 on, with S(s) the probability that a coordinate is
        further than s from every cut. S has a kink where s is half the length of an interval.
        """
        kinks = sorted({0.0, *((high - low) / 2 for low, high in pairwise(self.cuts))})
        node, weight = np.polynomial.legendre.leggauss(NODES)
        total = 0.0
        for low, high in pairwise([*kinks, FARTHEST + max(map(abs, self.cuts))]):
            s = torch.from_numpy((high + low) / 2 + (high - low) / 2 * node)
            total += (high - low) / 2 * float(torch.from_numpy(weight) @ self._clear(s) ** self.latent_dim)
        return total

    def probabilities(self) -> tuple[float, ...]:
        """Probability of each class for z ~ N(0, I), by class number; the last axis's classes run fastest."""
        below = [0.0, *(NORMAL.cdf(cut) for cut in self.cuts), 1.0]
        axis = np.zeros(max(self.labels) + 1)
        np.add.at(axis, list(self.labels), np.diff(below))
        joint = np.ones(1)
        for _ in range(self.latent_dim):
            joint = np.outer(joint, axis).ravel()
        return tuple(joint.tolist())

    def _clear(self, s: Tensor) -> Tensor:
        """S(s): the sum over intervals [a, b] of the mass of [a + s, b − s], where there is any."""
        edges = torch.tensor([-torch.inf, *self.cuts, torch.inf], dtype=s.dtype)
        low, high = edges[:-1, None] + s, edges[1:, None] - s
        mass = torch.special.ndtr(high) - torch.special.ndtr(low)
        return torch.where(high > low, mass, 0.0).sum(dim=0)


SQUARE = Boxes(cuts=(-1.0, 1.0), latent_dim=1, labels=(1, 0, 1))
"""g(z) = z² with the classes [x ≥ 1] (number 1) and [x < 1] (number 0)."""

LATTICE = Boxes(cuts=tuple(NORMAL.inv_cdf(k / 5) for k in range(1, 5)), latent_dim=2, labels=(0, 1, 2, 3, 4))
"""g(z) = 10 Φ(z) − 5 with the nearest of the 25 even points: cells end where a coordinate of g is −3, −1, 1 or 3."""


def toy_classes(generator: Literal["square", "lattice"]) -> Boxes:
    """The classes of the toy with that generator."""
    return SQUARE if generator == "square" else LATTICE


def affine_radius(weight: Tensor, bias: Tensor, z: Tensor) -> Tensor:
    """r(z), (count,), where scores are affine, W z + b: linear generators with half-spaces or nearest lattice points.

    A class is convex, so its complement is as near as the nearest of the planes at which another class takes over:
    r(z) = minⱼ (score_c − scoreⱼ) / ‖w_c − wⱼ‖. Infinite where no class ever takes over.

    Args:
        weight: W, (classes, dim(z)).
        bias: b, (classes,).
        z: (count, dim(z)).
    """
    scores = z @ weight.T + bias
    margins = scores.amax(dim=1, keepdim=True) - scores
    slopes = torch.cdist(weight, weight, compute_mode="donot_use_mm_for_euclid_dist")[scores.argmax(dim=1)]
    return torch.where(slopes > 0, margins / slopes, torch.inf).amin(dim=1)
