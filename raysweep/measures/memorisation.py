"""Distances of generated, or reconstructed, images to the nearest training images, against those of held-out ones."""

import math
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.stats import rankdata
from torch import Tensor

from raysweep.data.images import BYTES_PER_UNIT, Images, to_bytes
from raysweep.measures.context import Columns, MeasureContext, StudyContext
from raysweep.measures.neighbours import nearest_distances
from raysweep.measures.quality import as_matrix, generated_features, generated_images, held_out_images, real_features
from raysweep.study.measures import Shard
from raysweep.study.measures.memorisation import Memorisation

Vector = NDArray[np.float64]


def run(settings: Memorisation, shard: Shard, context: MeasureContext) -> Columns:
    """Two rows: the shard's images in pixels and in features."""
    network = context.feature_network(settings.features)
    images = generated_images(shard.part, shard.stop, context)
    features = generated_features(shard.part, shard.stop, network, context)
    real = context.reference
    distances = {
        "pixels": _pixel_distances(images, context.data.train),
        settings.features: _distances(features, torch.from_numpy(real["features"]).to(context.device)),
    }
    held_out = [real["pixel_distances"], real["feature_distances"]]
    compared = [compare(*pair, settings.quantile) for pair in zip(distances.values(), held_out, strict=True)]
    columns: dict[str, list[object]] = {
        "part": [shard.part] * 2,
        "space": [*distances],
        "samples": [len(images)] * 2,
        "held_out_images": [len(each) for each in held_out],
        "training_images": [len(context.data.train)] * 2,
        "quantile": [settings.quantile] * 2,
    }
    return columns | {name: [each[name] for each in compared] for name in compared[0]}


def prepare(settings: Memorisation, context: StudyContext) -> dict[str, NDArray[Any]]:
    """Features (count, length) of all training images, and the held-out images' distances (count,) to the nearest.

    Raises:
        UserError: Inception's weights cannot be had.
    """
    network = context.feature_network(settings.features)
    data, device = context.data, context.device
    features = torch.cat(list(real_features(data.train, np.arange(len(data.train)), network, device)))
    held_out = held_out_images(data, "validation", settings.samples)
    held_out_features = torch.cat(list(real_features(data.validation, held_out, network, device)))
    return {
        "features": as_matrix([features]),
        "pixel_distances": _pixel_distances(data.validation.batch(held_out, device)[0], data.train),
        "feature_distances": _distances(held_out_features, features),
    }


def compare(distances: Vector, held_out: Vector, quantile: float) -> dict[str, float]:
    """The table's numbers of distances to the nearest training image, given those of held-out images.

    The z-score is that of Mann and Whitney's U, the number of pairs in which the generated image is the farther one,
    ties counting half: (U − mn/2) / √(mn (m + n + 1) / 12).

    Source: Meehan, Chaudhuri and Dasgupta (2020), Section 3.
    """
    m, n = len(distances), len(held_out)
    ranks = rankdata(np.concatenate([distances, held_out]))[:m]
    farther = float(ranks.sum()) - m * (m + 1) / 2
    return {
        "median_distance": float(np.median(distances)),
        "held_out_median_distance": float(np.median(held_out)),
        "near_share": float(np.mean(distances <= np.quantile(held_out, quantile))),
        "nearer_probability": 1 - farther / (m * n),
        "z_score": (farther - m * n / 2) / math.sqrt(m * n * (m + n + 1) / 12),
    }


def _pixel_distances(images: Tensor, training: Images) -> Vector:
    """Distances (count,) from images in [-1, 1] to the nearest training image, from the differences of their bytes."""
    queries = torch.from_numpy(to_bytes(images)).to(images.device).flatten(1)
    points = torch.from_numpy(training.pixels.copy()).to(images.device).flatten(1)
    return _distances(queries, points) / BYTES_PER_UNIT


def _distances(queries: Tensor, points: Tensor) -> Vector:
    distances: Vector = nearest_distances(queries, points)[:, 0].cpu().numpy()
    return distances
