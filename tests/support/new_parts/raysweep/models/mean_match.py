"""The learner of `MeanMatch`."""

import torch
from raysweep.study.models.mean_match import MeanMatch
from torch import Tensor
from torch.optim import Optimizer
from typing_extensions import override

from raysweep.models.descent import adam, descend
from raysweep.models.learner import Learner
from raysweep.models.networks import build_all
from raysweep.study.data import DataFacts


class MeanMatchLearner(Learner):
    """Descends the squared error of the mean of generated images."""

    settings: MeanMatch

    def __init__(self, settings: MeanMatch, facts: DataFacts, seed: int, device: torch.device) -> None:
        super().__init__(settings, facts, seed, device)
        self.networks = build_all(settings.networks(facts), seed, device)

    @override
    def _build_optimizers(self) -> dict[str, Optimizer]:
        return {"all": adam(self.settings, self.networks)}

    @override
    def update(self, images: Tensor, labels: Tensor | None, step: int) -> dict[str, Tensor]:
        z = torch.randn(len(images), self.settings.latent_dim, generator=self.random("z", step), device=self.device)
        loss = self._error(images, z)
        descend(self.optimizers["all"], loss)
        return {"mse": loss.detach()}

    @override
    def evaluate(self, images: Tensor, labels: Tensor | None) -> dict[str, Tensor]:
        with torch.no_grad():
            return {"mse": self._error(images, torch.zeros(1, self.settings.latent_dim, device=self.device))}

    @override
    def generate(self, z: Tensor) -> Tensor:
        images: Tensor = self.networks["generator"](z)
        return images

    def _error(self, images: Tensor, z: Tensor) -> Tensor:
        return (self.generate(z).mean(dim=0) - images.mean(dim=0)).square().mean()
