"""What the learners of generative adversarial networks share."""

from abc import ABC

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from typing_extensions import override

from raysweep.models.descent import adam
from raysweep.models.learner import Learner
from raysweep.models.networks import build_all, gather_statistics
from raysweep.study.data import DataFacts
from raysweep.study.models.adversarial import AdversarialSettings

SETTLING_BATCHES = 100
"""Batches of prior samples from which an untrained generator's BatchNorm gathers its running statistics."""


class AdversarialLearner(Learner, ABC):
    """A generator of images from z ~ N(0, I), and the network that it is trained against, each with its own Adam."""

    settings: AdversarialSettings

    def __init__(self, settings: AdversarialSettings, facts: DataFacts, seed: int, device: torch.device) -> None:
        super().__init__(settings, facts, seed, device)
        self.networks = build_all(settings.networks(facts), seed, device)

    @override
    def _build_optimizers(self) -> dict[str, Optimizer]:
        return {name: adam(self.settings, network) for name, network in self.networks.items()}

    @property
    @override
    def generator(self) -> nn.Module:
        return self.networks["generator"]

    @override
    def generate(self, z: Tensor) -> Tensor:
        self.networks.eval()
        return self._generated(z)

    @override
    def settle(self) -> None:
        """The running statistics of the generator's BatchNorm, from prior samples.

        Without them an untrained generator would be normalised by no statistics at all: mean 0 and variance 1.
        """
        stream = self.random("settle", 0)
        batches = (self._noise(self.settings.batch, stream) for _ in range(SETTLING_BATCHES))
        gather_statistics(self.generator, batches)

    def _noise(self, count: int, stream: torch.Generator) -> Tensor:
        return torch.randn(count, self.settings.latent_dim, generator=stream, device=self.device)

    def _generated(self, z: Tensor) -> Tensor:
        images: Tensor = self.networks["generator"](z)
        return images
