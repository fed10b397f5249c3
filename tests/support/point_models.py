"""Points, models of them whose numbers can be worked out by hand, and what is measured on these."""

from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn

from raysweep.measures import run_measure
from raysweep.measures.context import MeasureContext
from raysweep.models.learner import Learner
from raysweep.study import (
    ClassMap,
    ClassRadius,
    Gan,
    Grid2d,
)
from raysweep.study.measures import MeasureSettings

CPU = torch.device("cpu")
GRID = Grid2d(n=2, train=700, validation=100)
GAN = Gan(layers="mlp", width=4, latent_dim=2)
RADIUS = ClassRadius(classifier="nearest_mode", samples=60, shard=40, bank=500)
MAP = ClassMap(classifier="nearest_mode", resolution=9, samples=20)

Make = Callable[..., MeasureContext]


class Given(Learner):
    """A generator that is a function."""

    def __init__(self, generate: Callable[[Tensor], Tensor]) -> None:
        super().__init__(GAN, GRID.facts(Path()), 0, CPU)
        self.networks = nn.ModuleDict()
        self.generate = lambda z: generate(z)[:, :, None, None]  # type: ignore[method-assign]

    def update(self, images: Tensor, labels: Tensor | None, step: int) -> dict[str, Tensor]:
        raise NotImplementedError

    def evaluate(self, images: Tensor, labels: Tensor | None) -> dict[str, Tensor]:
        raise NotImplementedError


def measured(settings: MeasureSettings, context: MeasureContext) -> list[dict[str, object]]:
    shards = settings.shards(context.trial.model, context.data.facts)
    return [row for shard in shards for row in run_measure(settings, shard, context).to_pylist()]
