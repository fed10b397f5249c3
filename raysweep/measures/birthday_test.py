"""Near duplicates among samples, and the support size that they imply."""

import math
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import special
from torch import Tensor

from raysweep.measures.context import Columns, MeasureContext, StudyContext
from raysweep.measures.neighbours import near_pairs
from raysweep.measures.quality import generated_features, held_out_images, real_features
from raysweep.study.measures import Shard
from raysweep.study.measures.birthday_test import BirthdayTest
from raysweep.theory.class_radius import LEVEL, Interval

Counts = NDArray[np.int64]


def run(settings: BirthdayTest, shard: Shard, context: MeasureContext) -> Columns:
    """One row: the duplicates among the shard's samples."""
    network = context.feature_network(settings.features)
    samples = generated_features(shard.part, shard.stop, network, context)
    reference = context.reference
    integers = ("calibration_images", "control_images", "control_duplicates")
    return {
        "part": [shard.part],
        "features": [settings.features],
        "samples": [len(samples)],
        "rate": [settings.rate],
        **{name: [int(number) if name in integers else float(number)] for name, number in reference.items()},
        **{name: [number] for name, number in birthday_test(samples, float(reference["threshold"])).items()},
    }


def prepare(settings: BirthdayTest, context: StudyContext) -> dict[str, NDArray[Any]]:
    """The threshold from one half of the held-out images, and what the test says of the other half.

    Raises:
        UserError: Inception's weights cannot be had.
    """
    network = context.feature_network(settings.features)
    half = min(settings.samples, len(context.data.validation) // 2)
    chosen = held_out_images(context.data, "validation", 2 * half)
    features = torch.cat(list(real_features(context.data.validation, chosen, network, context.device)))
    threshold = nearest_pair(features[:half], settings.rate)
    control = birthday_test(features[half:], threshold)
    numbers = {"threshold": threshold, "calibration_images": half, "control_images": half}
    return {
        **{name: np.asarray(number, dtype=np.float64) for name, number in numbers.items()},
        **{f"control_{name}": np.asarray(number, dtype=np.float64) for name, number in control.items()},
    }


def nearest_pair(points: Tensor, rate: float) -> float:
    """The distance within which the share `rate` of the pairs of points (count, length) are, and at least one pair."""
    distances = torch.pdist(points.double())
    return float(distances.kthvalue(max(1, round(rate * len(distances)))).values)


def birthday_test(points: Tensor, threshold: float) -> dict[str, float | int]:
    """The table's numbers of samples (count, length), of which those within the threshold are duplicates."""
    others, latest = (each.cpu().numpy() for each in near_pairs(points, threshold))
    support = support_size(others)
    return {
        "duplicates": int(others.sum()) // 2,
        "support": support.value,
        "support_low": support.low,
        "support_high": support.high,
        "batch": half_batch(latest),
    }


def support_size(others: Counts) -> Interval:
    """One over the share of pairs that are duplicates, from the number of others that each sample is a duplicate of.

    The number D of duplicate pairs is Poisson's where images are equally likely and many, and the interval is then
    Garwood's, which is exact. Otherwise duplicates come in clusters, and D varies by a factor f more, which is
    estimated from the variance of U-statistics: f = (2 (n − 2) (w − p²) + p − p²) / p for the shares p of pairs that
    are duplicates and w of triples (i, j, k) in which i is one of j and of k. The interval is f times Garwood's for
    D / f; f is taken to be at least 1.

    Source: Garwood (1936); Hoeffding (1948), Section 5, for the kernel [duplicate].
    """
    d = others.astype(np.float64)
    n = len(d)
    pairs, duplicates = n * (n - 1) / 2, d.sum() / 2
    p = duplicates / pairs
    factor = 1.0
    if duplicates:
        wedges = float((d * (d - 1)).sum()) / (n * (n - 1) * (n - 2))
        factor = max(1.0, (2 * (n - 2) * (wedges - p**2) + p - p**2) / p)
    seen, tail = duplicates / factor, (1 - LEVEL) / 2
    low = factor * special.gammaincinv(seen, tail) if duplicates else 0.0
    high = min(factor * special.gammaincinv(seen + 1, 1 - tail), pairs)
    return Interval(*(float(pairs / each) if each else math.inf for each in (duplicates, high, low)))


def half_batch(latest: Counts) -> float:
    """The smallest s at which at least half of the disjoint batches of s consecutive samples have a duplicate.

    Args:
        latest: for each sample the last one before it that it is a duplicate of, or −1.
    """
    place = np.arange(len(latest))
    for size in range(2, len(latest) + 1):
        batches = len(latest) // size
        found = latest >= place // size * size
        with_duplicate = np.unique(place[found] // size)
        if 2 * (with_duplicate < batches).sum() >= batches:
            return float(size)
    return math.inf
