"""The polynomial through the training images, and what is known about its nodes."""

import math
from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn
from typing_extensions import override

from raysweep.models.learner import Learner
from raysweep.models.networks import build_all
from raysweep.study.data import DataFacts
from raysweep.study.models.polynomial import Polynomial
from raysweep.theory.prior import radius

FACTORS_AT_ONCE = 2**24
"""Factors of Eq. 2 in memory at a time."""

DTYPES = {"float32": torch.float32, "float64": torch.float64}


def make_nodes(settings: Polynomial) -> Tensor:
    """The nodes (n,) in float64, ascending."""
    n, ball = settings.images, radius("paper_ball", 1)
    middle = (torch.arange(n, dtype=torch.float64) + 0.5) / n
    match settings.nodes:
        case "equispaced":
            return torch.linspace(-ball, ball, n, dtype=torch.float64)
        case "chebyshev":
            return -ball * torch.cos(math.pi * middle)
        case "normal_quantiles":
            quantiles: Tensor = torch.special.ndtri(middle)
            return quantiles


def product_basis(z: Tensor, nodes: Tensor) -> Tensor:
    """The basis polynomials ℓᵢ(z) = Πⱼ≠ᵢ (pⱼ − z) / (pⱼ − pᵢ) at z (count,): (count, n). Factors are taken by j.

    Source: Pinetz, Soukup and Pock (2019), Eq. 2.
    """
    itself = torch.eye(len(nodes), dtype=torch.bool, device=nodes.device)
    gaps = (nodes - nodes[:, None]).masked_fill(itself, 1)  # row i, column j: pⱼ − pᵢ
    pieces = torch.split(z, max(1, FACTORS_AT_ONCE // len(nodes) ** 2))
    return torch.cat([((nodes - piece[:, None, None]) / gaps).masked_fill(itself, 1).prod(dim=2) for piece in pieces])


def barycentric_basis(z: Tensor, nodes: Tensor) -> Tensor:
    """The same polynomials as (wᵢ / (z − pᵢ)) / Σⱼ wⱼ / (z − pⱼ), with wᵢ = 1 / Πⱼ≠ᵢ (pᵢ − pⱼ) up to a common factor.

    At a node, where the formula divides by zero, they are 0 and 1 by definition, and gradients are 0. Where the basis
    is large the terms of the sum cancel, and what is left of it is rounding (Higham, 2004).

    Source: Berrut and Trefethen (2004), Eq. 4.2.
    """
    difference = z[:, None] - nodes
    at_node = difference == 0
    terms = _barycentric_weights(nodes) / difference.masked_fill(at_node, 1)
    between = terms / terms.sum(dim=1, keepdim=True)
    return torch.where(at_node.any(dim=1, keepdim=True), at_node.to(z.dtype), between)


BASES: Mapping[str, Callable[[Tensor, Tensor], Tensor]] = {"product": product_basis, "barycentric": barycentric_basis}


def log_lebesgue(z: Tensor, nodes: Tensor) -> Tensor:
    """Natural logarithm of the Lebesgue function λ(z) = Σᵢ |ℓᵢ(z)| at z (count,), which are no nodes; in float64.

    Its maximum, the Lebesgue constant, is by how much the largest |value| between nodes can exceed that at the nodes.
    Computed from logarithms, since it outgrows float64.

    Source: Trefethen (2013), Approximation Theory and Approximation Practice, Chapter 15.
    """
    points, places = z.to(torch.float64), nodes.to(torch.float64)
    distances = (points[:, None] - places).abs().log()
    return (distances.sum(dim=1, keepdim=True) - distances + _log_weights(places)).logsumexp(dim=1)


def _barycentric_weights(nodes: Tensor) -> Tensor:
    """Weights (n,) of ascending nodes, the largest of magnitude 1. Their signs alternate."""
    logs = _log_weights(nodes.to(torch.float64))
    signs = 1.0 - 2.0 * (torch.arange(len(nodes), device=nodes.device) % 2)
    return (signs * (logs - logs.max()).exp()).to(nodes.dtype)


def _log_weights(nodes: Tensor) -> Tensor:
    """−Σⱼ≠ᵢ log |pᵢ − pⱼ|."""
    itself = torch.eye(len(nodes), dtype=torch.bool, device=nodes.device)
    return -(nodes - nodes[:, None]).abs().masked_fill(itself, 1).log().sum(dim=1)


class PolynomialLearner(Learner):
    """Takes its images in the one step that it has. Pixels may leave [-1, 1], and overflow to infinity or NaN.

    It is computed in its own arithmetic whatever the type of the latents; images have the latents' type.
    """

    settings: Polynomial

    def __init__(self, settings: Polynomial, facts: DataFacts, seed: int, device: torch.device) -> None:
        super().__init__(settings, facts, seed, device)
        self.networks = build_all(settings.networks(facts), seed, device).requires_grad_(False)
        self.nodes = make_nodes(settings).to(device, DTYPES[settings.arithmetic])
        """(n,): the latents of its images."""

    @property
    def images(self) -> Tensor:
        """The images (n, pixels) that it goes through."""
        lookup = self.networks["images"][0]  # type: ignore[index]
        assert isinstance(lookup, nn.Embedding)
        return lookup.weight

    @override
    def update(self, images: Tensor, labels: Tensor | None, step: int) -> dict[str, Tensor]:
        """No losses."""
        self.images.copy_(images.flatten(1))
        return {}

    @override
    def evaluate(self, images: Tensor, labels: Tensor | None) -> dict[str, Tensor]:
        """Nothing. It makes no claim on other images."""
        return {}

    @override
    def generate(self, z: Tensor) -> Tensor:
        basis = BASES[self.settings.form](z[:, 0].to(self.nodes.dtype), self.nodes)
        pixels = (basis @ self.images.to(basis.dtype)).to(z.dtype)
        return pixels.reshape(-1, self.shape.channels, self.shape.size, self.shape.size)
