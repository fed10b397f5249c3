"""An upper bound of a network's Lipschitz constant, from its layers."""

import itertools

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse import linalg
from torch import Tensor, nn

from raysweep.models.vae import ToPixels

Vector = NDArray[np.float64]

AFFINE = (nn.Linear, nn.Conv2d, nn.BatchNorm2d, nn.Flatten, ToPixels)
CONTRACTIONS = (nn.ReLU, nn.LeakyReLU)
"""Activations of Lipschitz constant 1, as long as a leaky one's slope is at most 1."""


def lipschitz_bound(network: nn.Sequential, images: Tensor) -> float | None:
    """The product of the spectral norms of the affine maps between activations; None where a layer is not known.

    Layers without an activation between them count as one map, so BatchNorm is folded into the convolution before it,
    and a network without activations has its exact constant. Norms are in Euclidean distances, of the map itself and
    not of a convolution's kernels as a matrix: by Lanczos iteration, on the map and its transpose.

    Source: Szegedy et al. (2014), Section 4.3; with whole maps instead of single layers.

    Args:
        network: in evaluation mode.
        images: (count, channels, size, size), whose shape alone counts.
    """
    layers = [module for module in network.modules() if not isinstance(module, nn.Sequential)]
    if not all(isinstance(layer, AFFINE + CONTRACTIONS) for layer in layers):
        return None
    bound, values = 1.0, torch.zeros_like(images[:1])
    for affine, run in itertools.groupby(layers, lambda layer: isinstance(layer, AFFINE)):
        together = nn.Sequential(*run)
        if affine:
            bound *= spectral_norm(together, values)
        values = together(values).detach()
    return bound


def spectral_norm(affine: nn.Module, at: Tensor) -> float:
    """The largest singular value of the linear part of a map from tensors of the shape of `at`, a batch of one."""
    at = at.detach().requires_grad_()
    values = affine(at)
    u = torch.zeros_like(values, requires_grad=True)
    (pulled,) = torch.autograd.grad(values, at, u, create_graph=True)

    def times(vector: Vector) -> Vector:
        (pushed,) = torch.autograd.grad(pulled, u, _like(vector, at), retain_graph=True)
        return _vector(pushed)

    def times_transposed(vector: Vector) -> Vector:
        (back,) = torch.autograd.grad(values, at, _like(vector, values), retain_graph=True)
        return _vector(back)

    shape = (values.numel(), at.numel())
    probe = np.random.default_rng(0).standard_normal(min(shape))
    norm = float(np.linalg.norm(times(probe) if shape[1] == min(shape) else times_transposed(probe)))
    if norm == 0 or min(shape) == 1:  # Lanczos iteration fails on such small maps
        return norm / float(np.linalg.norm(probe))
    operator = linalg.LinearOperator(shape, times, times_transposed, dtype=np.float64)
    (largest,) = linalg.svds(operator, k=1, tol=1e-6, v0=probe, return_singular_vectors=False)  # type: ignore[misc]
    return float(largest)


def _vector(tensor: Tensor) -> Vector:
    found: Vector = tensor.flatten().double().cpu().numpy()
    return found


def _like(vector: Vector, other: Tensor) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(vector)).to(other).reshape(other.shape)
