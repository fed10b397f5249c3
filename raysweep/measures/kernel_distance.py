"""Squared maximum mean discrepancy between the features of generated, or reconstructed, images and of real ones."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from raysweep.measures.context import Columns, MeasureContext, StudyContext
from raysweep.measures.quality import as_matrix, generated_features, other_images, real_features, reference_images
from raysweep.measures.streams import shuffled
from raysweep.study.measures import Shard
from raysweep.study.measures.kernel_distance import KernelDistance

Vectors = NDArray[np.floating]


def run(settings: KernelDistance, shard: Shard, context: MeasureContext) -> Columns:
    """One row: the distance of the shard's images to the reference's."""
    network = context.feature_network(settings.features)
    generated = as_matrix([generated_features(shard.part, shard.stop, network, context)])
    real = context.reference
    distances = _over_subsets(settings, generated, real["features"], (context.trial.seed, shard.part))
    return {
        "part": [shard.part],
        "features": [settings.features],
        "reference": [settings.reference],
        "samples": [len(generated)],
        "reference_images": [len(real["features"])],
        "subsets": [len(distances)],
        "subset_images": [_subset_images(settings, generated, real["features"])],
        "distance": [float(np.mean(distances))],
        "deviation": [float(np.std(distances))],
        "floor": [float(real["floor"])],
        "floor_deviation": [float(real["floor_deviation"])],
        "floor_images": [int(real["floor_count"])],
    }


def prepare(settings: KernelDistance, context: StudyContext) -> dict[str, NDArray[Any]]:
    """Features (count, length) of the real images, and the floor.

    Raises:
        UserError: Inception's weights cannot be had.
    """
    network = context.feature_network(settings.features)
    real = as_matrix(real_features(*reference_images(settings, context.data), network, context.device))
    held_out = as_matrix(real_features(*other_images(settings, context.data), network, context.device))
    floors = _over_subsets(settings, held_out, real, ("floor",))
    numbers = {"floor": np.mean(floors), "floor_deviation": np.std(floors), "floor_count": len(held_out)}
    return {"features": real, **{name: np.asarray(number, dtype=np.float64) for name, number in numbers.items()}}


def squared_mmd(first: Vectors, second: Vectors) -> float:
    """The unbiased estimate of MMD² between the distributions of vectors (count, length), two or more of each.

    Σ_{i≠j} k(xᵢ, xⱼ) / m(m − 1) + Σ_{i≠j} k(yᵢ, yⱼ) / n(n − 1) − 2 Σ_{ij} k(xᵢ, yⱼ) / mn, with the kernel
    k(a, b) = (a·b / length + 1)³.

    Source: Gretton et al. (2012), Eq. 3; Bińkowski et al. (2018), Eq. 4.
    """
    return _mean_of_pairs(first) + _mean_of_pairs(second) - 2 * float(_kernel(first, second).mean())


def _mean_of_pairs(vectors: Vectors) -> float:
    """Mean of k over all pairs of two different vectors."""
    kernel = _kernel(vectors, vectors)
    return float((kernel.sum() - np.trace(kernel)) / (len(vectors) * (len(vectors) - 1)))


def _kernel(first: Vectors, second: Vectors) -> NDArray[np.float64]:
    kernel: NDArray[np.float64] = (first.astype(np.float64) @ second.T / first.shape[1] + 1) ** 3
    return kernel


def _over_subsets(
    settings: KernelDistance, generated: Vectors, real: Vectors, name: Sequence[str | int]
) -> list[float]:
    """The distance between random subsets, each drawn without replacement, by the stream that `name` names."""
    size = _subset_images(settings, generated, real)

    def subset(vectors: Vectors, side: str, number: int) -> Vectors:
        return vectors[shuffled(len(vectors), "kernel distance", *name, side, number)[:size]]

    return [
        squared_mmd(subset(generated, "generated", number), subset(real, "real", number))
        for number in range(settings.subsets)
    ]


def _subset_images(settings: KernelDistance, generated: Vectors, real: Vectors) -> int:
    return min(settings.subset_size, len(generated), len(real))
