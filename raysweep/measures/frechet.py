"""Fréchet distance between the features of generated, or reconstructed, images and of real ones."""

from collections.abc import Iterable, Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from raysweep.measures.context import Columns, MeasureContext, StudyContext
from raysweep.measures.quality import (
    IMAGES_AT_ONCE,
    generated_features,
    other_images,
    real_features,
    reference_images,
)
from raysweep.study.measures import Shard
from raysweep.study.measures.frechet import FrechetDistance

Matrix = NDArray[np.float64]


def run(settings: FrechetDistance, shard: Shard, context: MeasureContext) -> Columns:
    """One row: the distance of the shard's images to the reference that `prepare` computed."""
    network = context.feature_network(settings.features)
    features = generated_features(shard.part, shard.stop, network, context)
    real = context.reference
    return {
        "part": [shard.part],
        "features": [settings.features],
        "reference": [settings.reference],
        "samples": [len(features)],
        "reference_images": [int(real["count"])],
        "distance": [distance(*moments(torch.split(features, IMAGES_AT_ONCE)), real)],
        "floor": [float(real["floor"])],
        "floor_images": [int(real["floor_count"])],
    }


def prepare(settings: FrechetDistance, context: StudyContext) -> dict[str, Matrix]:
    """Statistics of the real images' features, once for all trials; see `reference`. And the floor.

    Raises:
        UserError: Inception's weights cannot be had.
    """
    network = context.feature_network(settings.features)
    split, chosen = reference_images(settings, context.data)
    real = reference(*moments(real_features(split, chosen, network, context.device)))
    other, held_out = other_images(settings, context.data)
    floor = distance(*moments(real_features(other, held_out, network, context.device)), real)
    numbers = {"count": len(chosen), "floor": floor, "floor_count": len(held_out)}
    return {**real, **{name: np.asarray(number, dtype=np.float64) for name, number in numbers.items()}}


def moments(batches: Iterable[Tensor]) -> tuple[Matrix, Matrix]:
    """Mean (length) and unbiased covariance (length, length) of feature vectors that come in batches (count, length).

    Batches are merged in float64, each around its own mean, so that nothing cancels and all features never need to be
    in memory at once.

    Source: Chan, Golub and LeVeque (1979).
    """
    count, mean, scatter = 0, np.zeros(()), np.zeros(())
    for batch in batches:
        values = batch.to("cpu", torch.float64).numpy()
        center = values.mean(axis=0)
        difference = center - mean
        total = count + len(values)
        centred = values - center
        scatter = scatter + centred.T @ centred + np.outer(difference, difference) * (count * len(values) / total)
        mean = mean + difference * (len(values) / total)
        count = total
    return mean, scatter / (count - 1)


def reference(mean: Matrix, covariance: Matrix) -> dict[str, Matrix]:
    """The statistics of real images that `distance` needs: mean, root of the covariance, and its trace."""
    values, vectors = np.linalg.eigh(covariance)
    # Rounding makes the zero eigenvalues of a singular covariance slightly negative.
    root = (vectors * np.sqrt(values.clip(min=0.0))) @ vectors.T
    return {"mean": mean, "root": root, "trace": np.asarray(np.trace(covariance))}


def distance(mean: Matrix, covariance: Matrix, real: Mapping[str, Matrix]) -> float:
    """Squared Fréchet distance between two Gaussians.

    ‖μ₁ − μ₂‖² + tr(Σ₁ + Σ₂ − 2 (Σ₁Σ₂)^½), where tr (Σ₁Σ₂)^½ = tr (Σ₂^½ Σ₁ Σ₂^½)^½ is the sum of the roots of the
    eigenvalues of a symmetric matrix.

    Source: Dowson and Landau (1982); Heusel et al. (2017).
    """
    difference = mean - real["mean"]
    product = real["root"] @ covariance @ real["root"]
    trace_of_root = np.sqrt(np.linalg.eigvalsh(product).clip(min=0.0)).sum()
    return float(difference @ difference + np.trace(covariance) + real["trace"] - 2 * trace_of_root)
