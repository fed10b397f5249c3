"""Autoencoder with squared error."""

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.optim import Optimizer
from typing_extensions import override

from raysweep.models.descent import adam, descend
from raysweep.models.learner import Learner
from raysweep.models.networks import build_all
from raysweep.study.data import DataFacts
from raysweep.study.models.autoencoder import Autoencoder


class AutoencoderLearner(Learner):
    """Encoder and decoder, trained to reproduce images.

    Source: Pinetz, Soukup and Pock (2019), Eq. 3. The squared error is averaged over pixel values instead of summed,
    so that errors compare across image sizes; Adam does not see the scale of a loss, but for its ε of 1e-8.
    """

    settings: Autoencoder

    def __init__(self, settings: Autoencoder, facts: DataFacts, seed: int, device: torch.device) -> None:
        super().__init__(settings, facts, seed, device)
        self.networks = build_all(settings.networks(facts), seed, device)

    @override
    def _build_optimizers(self) -> dict[str, Optimizer]:
        return {"all": adam(self.settings, self.networks)}

    @property
    @override
    def generator(self) -> nn.Module:
        return self.networks["decoder"]

    @property
    @override
    def encoder(self) -> nn.Sequential:
        return nn.Sequential(self.networks["encoder"])

    @override
    def update(self, images: Tensor, labels: Tensor | None, step: int) -> dict[str, Tensor]:
        """`mse`, the squared error per pixel value in [-1, 1]."""
        self.networks.train()
        loss = self._error(images)
        descend(self.optimizers["all"], loss)
        return {"mse": loss.detach()}

    @override
    def evaluate(self, images: Tensor, labels: Tensor | None) -> dict[str, Tensor]:
        """`mse`."""
        self.networks.eval()
        with torch.no_grad():
            return {"mse": self._error(images)}

    @override
    def generate(self, z: Tensor) -> Tensor:
        self.networks.eval()
        images: Tensor = self.networks["decoder"](z)
        return images

    @override
    def encode(self, images: Tensor) -> Tensor:
        self.networks.eval()
        z: Tensor = self.networks["encoder"](images)
        return z

    def _error(self, images: Tensor) -> Tensor:
        return functional.mse_loss(self.networks["decoder"](self.networks["encoder"](images)), images)
