"""The base class of all model families: how they learn, generate and encode. Pure PyTorch."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from functools import cached_property
from typing import Any

import torch
from torch import Tensor, nn

from raysweep.seeding import derive_seed
from raysweep.study.architecture import ImageShape
from raysweep.study.data import DataFacts
from raysweep.study.models import FamilySettings


class Learner(ABC):
    """A model in training, or trained.

    Everything needed to continue exactly is in `state`: networks (with BatchNorm's statistics) and optimisers. Random
    numbers come from streams named by the trial's seed and the step, so no generator's state has to be kept.

    Subclasses build `self.networks` in their constructor with `device` already set; networks are initialised from the
    trial's seed on the CPU, so that a model starts equal on every device.
    """

    networks: nn.ModuleDict

    def __init__(self, settings: FamilySettings, facts: DataFacts, seed: int, device: torch.device) -> None:
        self.settings = settings
        self.facts = facts
        self.seed = seed
        self.device = device

    @cached_property
    def optimizers(self) -> dict[str, torch.optim.Optimizer]:
        """The optimisers of the networks, built on demand: most measures need none, and PyTorch loads them slowly."""
        return self._build_optimizers()

    def _build_optimizers(self) -> dict[str, torch.optim.Optimizer]:
        """The optimisers, by name; none where nothing descends."""
        return {}

    @property
    def shape(self) -> ImageShape:
        """Shape of the images that it learns."""
        return self.facts.shape

    @property
    def generator(self) -> nn.Module | None:
        """The module that `generate` consists of, from latents to images, or None where it does more than apply one.

        Inversions rewrite it into an equal, faster one.
        """
        return None

    @property
    def encoder(self) -> nn.Sequential | None:
        """The layers that `encode` consists of, from images in [-1, 1], or None where it is something else."""
        return None

    @abstractmethod
    def update(self, images: Tensor, labels: Tensor | None, step: int) -> dict[str, Tensor]:
        """One training step.

        Args:
            images: (batches_per_step · batch, channels, size, size) in [-1, 1], on `device`.
            labels: (batches_per_step · batch,) class numbers, where the data set has classes.
            step: number of steps done before; names the random streams.

        Returns:
            Losses as detached scalars, by name. A non-finite one means that training diverged.
        """

    @abstractmethod
    def evaluate(self, images: Tensor, labels: Tensor | None) -> dict[str, Tensor]:
        """Losses on held-out images, as scalars: means over the images given; without gradients, in evaluation mode."""

    def generate(self, z: Tensor) -> Tensor:
        """Images of latents (count, dim(z)), in [-1, 1], in evaluation mode; differentiable.

        Raises:
            NotImplementedError: the family generates nothing.
        """
        raise NotImplementedError

    def encode(self, images: Tensor) -> Tensor:
        """Latents (count, dim(z)) of images, in evaluation mode: the posterior's mean for a VAE.

        Raises:
            NotImplementedError: the family has no encoder.
        """
        raise NotImplementedError

    def posterior(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and standard deviation, each (count, dim(z)), of the latents of images, in evaluation mode.

        The deviation is 0 where the family's `has_posterior` is not set.

        Raises:
            NotImplementedError: the family has no encoder.
        """
        z = self.encode(images)
        return z, torch.zeros_like(z)

    def settle(self) -> None:
        """Makes an untrained model usable: gathers the statistics that training would have gathered besides the
        weights.

        Raises:
            NotImplementedError: the family is always trained.
        """
        raise NotImplementedError

    def random(self, purpose: str, step: int) -> torch.Generator:
        """The random stream for a purpose at a step, on `device`."""
        return torch.Generator(self.device).manual_seed(derive_seed(self.seed, purpose, step))

    def state(self) -> dict[str, Any]:
        """All that is needed to continue training exactly."""
        return {
            "networks": self.networks.state_dict(),
            "optimizers": {name: optimizer.state_dict() for name, optimizer in self.optimizers.items()},
        }

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Continues from `state`."""
        self.networks.load_state_dict(state["networks"])
        for name, optimizer in self.optimizers.items():
            optimizer.load_state_dict(state["optimizers"][name])

    def weights(self) -> dict[str, Any]:
        """The networks alone: what a finished trial leaves behind."""
        return dict(self.networks.state_dict())

    def load_weights(self, weights: Mapping[str, Any]) -> None:
        """Takes the networks of a finished trial, in evaluation mode and frozen, for measuring."""
        self.networks.load_state_dict(weights)
        self.networks.eval().requires_grad_(False)
