"""Precision, recall, density and coverage of generated, or reconstructed, images in features."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from raysweep.measures.context import Columns, MeasureContext, StudyContext
from raysweep.measures.neighbours import balls_around, nearest_distances
from raysweep.measures.quality import as_matrix, generated_features, other_images, real_features, reference_images
from raysweep.study.measures import Shard
from raysweep.study.measures.precision_recall import PrecisionRecall


@dataclass(frozen=True)
class Quality:
    """The four numbers of a set of images against real ones."""

    precision: float
    recall: float
    density: float
    coverage: float


def run(settings: PrecisionRecall, shard: Shard, context: MeasureContext) -> Columns:
    """One row: how the shard's images lie among the reference's."""
    network = context.feature_network(settings.features)
    generated = generated_features(shard.part, shard.stop, network, context)
    reference = context.reference
    real = torch.from_numpy(reference["features"]).to(context.device)
    quality = compare(generated, real, settings.neighbours, settings.density_neighbours)
    return {
        "part": [shard.part],
        "features": [settings.features],
        "reference": [settings.reference],
        "samples": [len(generated)],
        "reference_images": [len(real)],
        "neighbours": [settings.neighbours],
        "density_neighbours": [settings.density_neighbours],
        **{name: [value] for name, value in asdict(quality).items()},
        **{f"held_out_{name}": [float(reference[name])] for name in asdict(quality)},
        "held_out_images": [int(reference["held_out_images"])],
    }


def prepare(settings: PrecisionRecall, context: StudyContext) -> dict[str, NDArray[Any]]:
    """Features (count, length) of the real images, and the four numbers of held-out ones.

    Raises:
        UserError: Inception's weights cannot be had.
    """
    network = context.feature_network(settings.features)
    real = torch.cat(list(real_features(*reference_images(settings, context.data), network, context.device)))
    held_out = torch.cat(list(real_features(*other_images(settings, context.data), network, context.device)))
    quality = compare(held_out, real, settings.neighbours, settings.density_neighbours)
    numbers = {**asdict(quality), "held_out_images": len(held_out)}
    return {
        "features": as_matrix([real]),
        **{name: np.asarray(number, dtype=np.float64) for name, number in numbers.items()},
    }


def compare(generated: Tensor, real: Tensor, neighbours: int, density_neighbours: int) -> Quality:
    """The four numbers of vectors (count, length) against real ones, with balls to the k-th nearest of the same set.

    - Precision: share of generated vectors in at least one ball around a real one, k = `neighbours`.
    - Recall: share of real vectors in at least one ball around a generated one, k = `neighbours`.
    - Density: number of balls around real vectors that hold a generated one, a mean over these, over
      k = `density_neighbours`. Its expectation is 1 for images of the same distribution; it may exceed 1.
    - Coverage: share of balls around real vectors that hold at least one generated one, k = `density_neighbours`.

    Source: Kynkäänniemi et al. (2019), Eq. 1 to 3; Naeem et al. (2020), Eq. 3 to 5.
    """
    radii = _radii(real, max(neighbours, density_neighbours))
    around_real = balls_around(generated, real, radii[:, neighbours])
    around_generated = balls_around(real, generated, _radii(generated, neighbours)[:, neighbours])
    dense = balls_around(generated, real, radii[:, density_neighbours])
    reached = nearest_distances(real, generated)[:, 0] <= radii[:, density_neighbours]
    return Quality(
        precision=_share(around_real > 0),
        recall=_share(around_generated > 0),
        density=_share(dense) / density_neighbours,
        coverage=_share(reached),
    )


def _radii(points: Tensor, k: int) -> Tensor:
    """(count, k + 1): distances from each point to itself, which is 0, and to its k nearest others."""
    return nearest_distances(points, points, k + 1)


def _share(values: Tensor) -> float:
    return float(values.double().mean())
