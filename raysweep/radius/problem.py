"""The problem: a generator, a classifier and a prior. Where in latent space does the class change?"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

Generate = Callable[[Tensor], Tensor]
"""A generator g: latents (count, dim(z)) to images (count, ...), each image depending on its own latent alone."""

Classify = Callable[[Tensor], Tensor]
"""Images (count, ...) to scores (count, classes), the largest of which is the class c; differentiable."""

Logits = Callable[[Tensor], Tensor]
"""Latents (count, dim(z)) to the scores (count, classes) of their images; differentiable."""

Prior = Callable[[tuple[int, int], torch.Generator], Tensor]
"""Draws latents of the shape (count, dim(z))."""

POINTS_AT_ONCE = 1024
"""Points in one batch of the classifier. It bounds the memory, and changes nothing but rounding."""


def labels_of(logits: Logits, z: Tensor) -> Tensor:
    """Classes (count,) of latents (count, dim(z)), without gradients."""
    with torch.no_grad():
        return torch.cat([logits(some).argmax(dim=1) for some in torch.split(z, POINTS_AT_ONCE)])


def standard_normal(shape: tuple[int, int], generator: torch.Generator) -> Tensor:
    """z ~ N(0, I)."""
    return torch.randn(shape, generator=generator)


@dataclass(frozen=True)
class Problem:
    """What Definition 2.5 needs: r(z) = inf ‖z − z'‖ over z' with c(g(z')) ≠ c(g(z)), and E[r(z)] over the prior.

    Modules should be frozen and in evaluation mode: in training mode BatchNorm makes a class depend on the batch.

    Source: Manoj (2018), Definitions 2.1, 2.3 and 2.5.
    """

    generate: Generate
    classify: Classify
    latent_dim: int
    prior: Prior = standard_normal

    def logits(self, z: Tensor) -> Tensor:
        """Scores (count, classes) of the images of latents (count, dim(z))."""
        return self.classify(self.generate(z))

    def labels(self, z: Tensor) -> Tensor:
        """Classes (count,) of latents (count, dim(z)), without gradients."""
        return labels_of(self.logits, z)

    def sample(self, count: int, seed: int) -> Tensor:
        """(count, dim(z)) latents of the prior."""
        return self.prior((count, self.latent_dim), torch.Generator().manual_seed(seed))
