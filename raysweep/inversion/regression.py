"""The latent that an image suggests, by regression of prior samples on their images: a start near the solution."""

from dataclasses import dataclass

import torch
from torch import Tensor

from raysweep.inversion.bank import Bank

FEATURES = 512
"""Random features of an image."""
SAMPLES = 10_000
"""Prior samples of the bank, at most, that are learned from."""
RIDGE = 1e-2
"""The penalty, as a share of the mean square of a feature."""


@dataclass(frozen=True)
class Regression:
    """ẑ(x) = Vᵀφ(x), with features φ(x) = (1, max(0, Wᵀ(x − x̄) + b))."""

    mean: Tensor
    """x̄, the mean image: (pixel values,)."""
    directions: Tensor
    """W, (pixel values, `FEATURES`), as long as the images' deviation from x̄ makes necessary."""
    offsets: Tensor
    """b, (`FEATURES`,)."""
    weights: Tensor
    """V, (`FEATURES` + 1, dim(z))."""

    def latents(self, images: Tensor) -> Tensor:
        """(images, dim(z)), not always feasible."""
        return _features(images.flatten(1), self.mean, self.directions, self.offsets) @ self.weights


def regress(bank: Bank, stream: torch.Generator) -> Regression:
    """Ridge regression of a bank's latents on random features of its images; no pass of the generator.

    `stream` draws the features, on the CPU.

    Source: Rahimi and Recht (2008), "Weighted sums of random kitchen sinks".
    """
    z, images = bank.z[:SAMPLES], bank.images[:SAMPLES]
    mean = images.mean(dim=0)
    spread = float((images - mean).square().sum(dim=1).mean().sqrt())
    # Where all images are the same, the scale does not matter.
    directions = torch.randn(len(mean), FEATURES, generator=stream).to(images) / (spread or 1.0)
    offsets = torch.randn(FEATURES, generator=stream).to(images) / 2
    features = _features(images, mean, directions, offsets)
    gram = (features.T @ features).double().cpu()
    penalty = RIDGE * gram.trace() / len(gram) * torch.eye(len(gram), dtype=torch.float64)
    weights = torch.linalg.solve(gram + penalty, (features.T @ z).double().cpu())
    return Regression(mean, directions, offsets, weights.to(z))


def _features(images: Tensor, mean: Tensor, directions: Tensor, offsets: Tensor) -> Tensor:
    values = torch.addmm(offsets, images - mean, directions).relu()
    return torch.cat([torch.ones_like(values[:, :1]), values], dim=1)
