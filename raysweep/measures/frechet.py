"""Fréchet distance between the features of generated, or reconstructed, images and of real ones."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from raysweep.data.images import DataSet, Images, to_bytes, to_unit
from raysweep.measures.context import Columns, MeasureContext
from raysweep.measures.features import feature_network
from raysweep.measures.streams import normal, shuffled
from raysweep.models.lenet import LeNetLearner
from raysweep.study.measures import FrechetDistance, Shard

IMAGES_AT_ONCE = 64
"""Images in one batch of the networks. It bounds the memory, and changes nothing but rounding."""

Matrix = NDArray[np.float64]


def run(settings: FrechetDistance, shard: Shard, context: MeasureContext) -> Columns:
    """One row: the distance of the shard's images to the reference that `prepare` computed.

    Generated images are rounded to bytes first, as the real ones are.
    """
    features = feature_network(settings.features, context.classifier, context.fid_weights, context.device)
    generated = _samples if shard.part == "samples" else _reconstructions
    with torch.no_grad():
        batches = (features(_rounded(images)) for images in generated(settings, shard, context))
        mean, covariance = moments(batches)
    return {
        "part": [shard.part],
        "features": [settings.features],
        "reference": [settings.reference],
        "samples": [shard.stop - shard.start],
        "reference_images": [int(context.reference["count"])],
        "distance": [distance(mean, covariance, context.reference)],
    }


def prepare(
    settings: FrechetDistance,
    data: DataSet,
    classifier: LeNetLearner | None,
    fid_weights: Path | None,
    device: torch.device,
) -> dict[str, Matrix]:
    """Statistics of the real images' features, once for all trials; see `reference`.

    Raises:
        UserError: Inception's weights cannot be had.
    """
    features = feature_network(settings.features, classifier, fid_weights, device)
    split = data.split(settings.reference)
    order = shuffled(len(split), "frechet", settings.name, "reference")
    chosen = order[: settings.reference_images]
    with torch.no_grad():
        mean, covariance = moments(features(images) for images in _batches(split, chosen, device))
    return {**reference(mean, covariance), "count": np.asarray(len(chosen), dtype=np.float64)}


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
    """What `distance` needs of the real images: mean, root of the covariance, and its trace."""
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


def _samples(settings: FrechetDistance, shard: Shard, context: MeasureContext) -> Iterator[Tensor]:
    """Images generated from the trial's own prior samples."""
    shape = (settings.samples, context.latent_dim)
    z = normal(shape, context.device, "frechet", settings.name, context.trial.seed)
    for some in torch.split(z[shard.start : shard.stop], IMAGES_AT_ONCE):
        yield context.learner.generate(some)


def _reconstructions(settings: FrechetDistance, shard: Shard, context: MeasureContext) -> Iterator[Tensor]:
    """Reconstructions of validation images, a seeded choice that is the same for all trials."""
    split = context.data.validation
    chosen = shuffled(len(split), "frechet", settings.name, "reconstructions")[shard.start : shard.stop]
    for images in _batches(split, chosen, context.device):
        yield context.learner.generate(context.learner.encode(images))


def _batches(split: Images, chosen: NDArray[np.int64], device: torch.device) -> Iterator[Tensor]:
    for start in range(0, len(chosen), IMAGES_AT_ONCE):
        yield split.batch(chosen[start : start + IMAGES_AT_ONCE], device)[0]


def _rounded(images: Tensor) -> Tensor:
    return to_unit(torch.from_numpy(to_bytes(images)).to(images.device))
