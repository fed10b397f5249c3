"""Principal component analysis."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from typing_extensions import override

from raysweep.models.learner import Learner
from raysweep.models.networks import build_all
from raysweep.study.data import DataFacts
from raysweep.study.models.pca import Pca


class Moments:
    """Count, mean (pixels,) and scatter Σ (x − mean)(x − mean)ᵀ (pixels, pixels) of vectors that come in batches.

    In float64, each batch around its own mean, so that nothing cancels.

    Source: Chan, Golub and LeVeque (1979).
    """

    def __init__(self, pixels: int, device: torch.device) -> None:
        self.count = 0
        self.mean = torch.zeros(pixels, dtype=torch.float64, device=device)
        self.scatter = torch.zeros(pixels, pixels, dtype=torch.float64, device=device)

    def add(self, vectors: Tensor) -> None:
        """Adds vectors (count, pixels), at least one."""
        values = vectors.to(torch.float64)
        centre = values.mean(dim=0)
        difference = centre - self.mean
        total = self.count + len(values)
        self.scatter.addmm_((values - centre).T, values - centre)
        self.scatter.addr_(difference, difference, alpha=self.count * len(values) / total)
        self.mean += difference * (len(values) / total)
        self.count = total

    def components(self, number: int) -> Tensor:
        """Directions (pixels, number) of greatest variance, orthonormal, the greatest first.

        Of the two signs that each may have, its largest entry is positive.
        """
        _, vectors = torch.linalg.eigh(self.scatter)
        largest_first = vectors[:, -number:].flip(dims=(1,))
        largest = largest_first.gather(0, largest_first.abs().argmax(dim=0, keepdim=True))
        components: Tensor = largest_first * largest.sign()
        return components


class PcaLearner(Learner):
    """Mean image and principal components of the training images, each of which counts once.

    Latents are the components' coefficients, in units of pixel values; images may leave [-1, 1].
    """

    settings: Pca

    def __init__(self, settings: Pca, facts: DataFacts, seed: int, device: torch.device) -> None:
        super().__init__(settings, facts, seed, device)
        self.networks = build_all(settings.networks(facts), seed, device).requires_grad_(False)
        self._moments: Moments | None = None
        """What was gathered so far; None before the first step and after the last."""

    @property
    @override
    def generator(self) -> nn.Module:
        return self.networks["decoder"]

    @override
    def update(self, images: Tensor, labels: Tensor | None, step: int) -> dict[str, Tensor]:
        """No losses."""
        if self._moments is None:
            self._moments = Moments(self.shape.pixels, self.device)
        # The last batch goes on into a second pass over the images.
        unseen = self.facts.train - step * self.settings.batch
        self._moments.add(images[:unseen].flatten(1))
        if step + 1 == self.settings.total_steps(self.facts):
            self._linear.weight.copy_(self._moments.components(self.settings.latent_dim))
            self._linear.bias.copy_(self._moments.mean)
            self._moments = None
        return {}

    @override
    def evaluate(self, images: Tensor, labels: Tensor | None) -> dict[str, Tensor]:
        """`mse`; nothing before the last step, which makes the components."""
        if self._moments is not None:
            return {}
        with torch.no_grad():
            return {"mse": functional.mse_loss(self.generate(self.encode(images)), images)}

    @override
    def generate(self, z: Tensor) -> Tensor:
        images: Tensor = self.networks["decoder"](z)
        return images

    @override
    def encode(self, images: Tensor) -> Tensor:
        """The projection onto the components."""
        return (images.flatten(1) - self._linear.bias) @ self._linear.weight

    @override
    def state(self) -> dict[str, Any]:
        """With what was gathered."""
        return {**super().state(), "moments": None if self._moments is None else vars(self._moments)}

    @override
    def load_state(self, state: Mapping[str, Any]) -> None:
        super().load_state(state)
        if state["moments"] is not None:
            self._moments = Moments(self.shape.pixels, self.device)
            vars(self._moments).update(state["moments"])

    @property
    def _linear(self) -> nn.Linear:
        linear = self.networks["decoder"][0]  # type: ignore[index]
        assert isinstance(linear, nn.Linear)
        return linear
