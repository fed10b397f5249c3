"""Generators whose inversion can be checked: linear ones with closed forms, small curved ones, random networks."""

from collections.abc import Callable

import numpy as np
import torch
from scipy.optimize import brentq
from torch import Tensor, nn

from raysweep.inversion.feasible import FeasibleSet
from raysweep.models.networks import build
from raysweep.study.architecture import ImageShape, dcgan_generator

Generate = Callable[[Tensor], Tensor]


def random(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def linear(matrix: Tensor) -> Generate:
    """A generator of images (1, pixels, 1) that is linear in z."""
    return lambda z: (z @ matrix.T)[:, None, :, None]


def curved(latent_dim: int) -> Generate:
    """A small generator that is not linear."""
    weights = random(latent_dim, 16, seed=1), random(16, 12, seed=2)
    return lambda z: torch.tanh(torch.tanh(z @ weights[0]) @ weights[1] / 4).unflatten(1, (1, 3, 4))


def assert_feasible(z: Tensor, allowed: FeasibleSet) -> None:
    """Up to the rounding of float32."""
    norms = z.norm(dim=1)
    assert bool((norms >= allowed.inner * (1 - 1e-6)).all())
    assert bool((norms <= allowed.outer * (1 + 1e-6)).all())


def nearest_in_ball(matrix: Tensor, target: Tensor, limit: float) -> np.ndarray:
    """Argmin ‖Az − x‖² over ‖z‖ ≤ R: (AᵀA + μI) z = Aᵀx, where μ ≥ 0 solves the secular equation ‖z(μ)‖ = R."""
    values, vectors = np.linalg.eigh((matrix.T @ matrix).double().numpy())
    right = vectors.T @ (matrix.T @ target).double().numpy()

    def solution(multiplier: float) -> np.ndarray:
        return right / (values + multiplier)

    if np.linalg.norm(solution(0.0)) <= limit:
        return vectors @ solution(0.0)
    root = brentq(lambda mu: np.linalg.norm(solution(mu)) - limit, 0.0, np.linalg.norm(right) / limit)
    return vectors @ solution(root)


def nearest_outside(matrix: Tensor, target: Tensor, inner: float) -> np.ndarray:
    """Argmin ‖Az − x‖² over ‖z‖ ≥ r: as above, with a multiplier 0 ≥ μ > −λ, the smallest eigenvalue of AᵀA."""
    values, vectors = np.linalg.eigh((matrix.T @ matrix).double().numpy())
    right = vectors.T @ (matrix.T @ target).double().numpy()

    def solution(multiplier: float) -> np.ndarray:
        return right / (values + multiplier)

    if np.linalg.norm(solution(0.0)) >= inner:
        return vectors @ solution(0.0)
    # At this multiplier the component along that eigenvector alone is as long as the inner radius.
    lowest = abs(right[0]) / inner - values[0]
    return vectors @ solution(brentq(lambda mu: np.linalg.norm(solution(mu)) - inner, lowest, 0.0, xtol=1e-15))


def untrained(latent_dim: int, shape: ImageShape, width: int, seed: int = 0) -> nn.Sequential:
    """Our generator with random weights, and with BatchNorms that do something, in evaluation mode."""
    stream = torch.Generator().manual_seed(seed)
    network = build(dcgan_generator(latent_dim, shape, width), stream)
    for layer in network:
        if isinstance(layer, nn.BatchNorm2d):
            for tensor, low, high in (
                (layer.weight, 0.5, 1.5),
                (layer.bias, -0.5, 0.5),
                (layer.running_mean, -0.3, 0.3),
                (layer.running_var, 0.5, 2.0),
            ):
                assert tensor is not None
                nn.init.uniform_(tensor, low, high, generator=stream)
    return network.eval().requires_grad_(False)
