"""The generators of the examples in "Looser is Worse"."""

import torch
from torch import Tensor, nn
from typing_extensions import override

from raysweep.models.learner import Learner
from raysweep.study.data import DataFacts
from raysweep.study.models.toy import Toy


class ToyLearner(Learner):
    """A generator without parameters. See `Toy` for its formula."""

    settings: Toy

    def __init__(self, settings: Toy, facts: DataFacts, seed: int, device: torch.device) -> None:
        super().__init__(settings, facts, seed, device)
        self.networks = nn.ModuleDict()

    @override
    def update(self, images: Tensor, labels: Tensor | None, step: int) -> dict[str, Tensor]:
        """Nothing is learned."""
        return {}

    @override
    def evaluate(self, images: Tensor, labels: Tensor | None) -> dict[str, Tensor]:
        """There is no loss."""
        return {}

    @override
    def generate(self, z: Tensor) -> Tensor:
        """Points (count, coordinates, 1, 1): one coordinate of "square", two of "lattice"."""
        points = z.square() if self.settings.generator == "square" else 10 * torch.special.ndtr(z) - 5
        return points[:, :, None, None]

    @override
    def settle(self) -> None:
        """There is nothing to gather."""
