"""The problem: for each image x, the feasible latent z* = argmin ‖g(z) − x‖² (Eq. 4), and what a solver returns."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from torch import Tensor

Generate = Callable[[Tensor], Tensor]
"""A generator g: latents (count, dim(z)) to images (count, ...), each image depending on its own latent alone."""

Status = Literal["converged", "stalled", "budget spent", "not finite"]


@dataclass(frozen=True)
class Inversion:
    """What was found for each of `count` images."""

    z: Tensor
    """(count, dim(z)): the best feasible latents seen."""
    error: Tensor
    """(count,): ‖g(z) − x‖², summed over pixel values, as a forward pass gave it."""
    status: tuple[Status, ...]
    """How each search ended; the solver says what it means by the words. "not finite": the image, or all that the
    generator made of the latents that were tried, has values that are not finite numbers."""
    passes: Tensor
    """(count,) whole numbers: generator passes spent. A forward pass is one, a backward pass another."""


def squared_error(images: Tensor, targets: Tensor) -> Tensor:
    """‖g(z) − x‖² of each image, summed over its pixel values: (count,)."""
    return (images - targets).flatten(1).square().sum(dim=1)
