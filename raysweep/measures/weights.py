"""How the weights of each layer are distributed, before and after training."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats
from torch import nn

from raysweep.measures.context import Columns, MeasureContext
from raysweep.models import build_learner
from raysweep.seeding import derive_seed
from raysweep.study.measures import Shard
from raysweep.study.measures.weights import Weights

Weighted = nn.Linear | nn.Conv2d | nn.ConvTranspose2d

KINDS: dict[type[Weighted], str] = {
    nn.Linear: "dense",
    nn.Conv2d: "convolution",
    nn.ConvTranspose2d: "transposed convolution",
}

CHUNK = 2**22
"""Weights that are turned to float64 at once: bounds the memory."""

Values = NDArray[np.floating]
"""Weights (count,), at least one."""


@dataclass(frozen=True)
class Moments:
    """Statistics of a set of weights; the last two are NaN if all weights are equal."""

    mean: float
    std: float
    skewness: float
    excess_kurtosis: float


def run(settings: Weights, shard: Shard, context: MeasureContext) -> Columns:
    """One row a layer. Computed on the CPU, so that the numbers are equal on every device."""
    learner = context.learner
    if shard.part == "initial":
        learner = build_learner(context.trial.model, context.data.facts, context.trial.seed, context.device)
    rows = [
        {
            "part": shard.part,
            "network": network,
            "layer": number,
            "kind": next(name for kind, name in KINDS.items() if isinstance(layer, kind)),
            **_examined(layer.weight.detach().flatten().cpu().numpy(), settings, (network, number)),
        }
        for network in settings.networks
        if network in learner.networks
        for number, layer in enumerate(weighted(learner.networks[network]), start=1)
    ]
    return {name: [row[name] for row in rows] for name in rows[0]}


def weighted(network: nn.Module) -> list[Weighted]:
    """The dense and convolutional layers of a network, in order."""
    return [module for module in network.modules() if isinstance(module, Weighted)]


def _examined(weights: Values, settings: Weights, name: tuple[str, int]) -> dict[str, object]:
    """The numbers of one layer; its `name` names the random sample, which is the same in both states."""
    ordered = np.sort(weights)
    found = moments(ordered)
    stream = np.random.default_rng(derive_seed("weights", *name))
    sample = weights[stream.choice(len(weights), min(settings.sample, len(weights)), replace=False)]
    return {
        "count": len(ordered),
        **vars(found),
        "ks_distance": ks_distance(ordered, found),
        "shapiro_w": shapiro_w(sample),
        "shapiro_sample": len(sample),
        "smallest": float(ordered[0]),
        "largest": float(ordered[-1]),
        "histogram": histogram(ordered, settings.bins).tolist(),
    }


def moments(weights: Values) -> Moments:
    """Moments in float64: the mean first, then those around it."""
    count = len(weights)
    mean = sum(float(chunk.sum()) for _, chunk in _chunks(weights)) / count
    powers = (2, 3, 4)
    sums = [[float(((chunk - mean) ** power).sum()) for power in powers] for _, chunk in _chunks(weights)]
    second, third, fourth = (math.fsum(column) / count for column in zip(*sums, strict=True))
    if weights.min() == weights.max():
        return Moments(mean, 0.0, math.nan, math.nan)
    return Moments(mean, math.sqrt(second), third / second**1.5, fourth / second**2 - 3)


def ks_distance(ordered: Values, fitted: Moments) -> float:
    """Sup |F(w) − Φ((w − mean) / std)|, with F the distribution function of the weights, which must ascend.

    NaN where they are all equal.
    """
    if fitted.std == 0:
        return math.nan
    count, largest = len(ordered), 0.0
    for start, chunk in _chunks(ordered):
        normal = special.ndtr((chunk - fitted.mean) / fitted.std)
        # F jumps from i / n to (i + 1) / n at the weight of index i.
        below = np.arange(start, start + len(chunk)) / count
        largest = max(largest, float((normal - below).max()), float((below + 1 / count - normal).max()))
    return largest


def shapiro_w(sample: Values) -> float:
    """Shapiro and Wilk's W; NaN of fewer than three values, or of equal ones."""
    if len(sample) < 3 or sample.min() == sample.max():
        return math.nan
    return float(stats.shapiro(sample.astype(np.float64)).statistic)


def histogram(ordered: Values, bins: int) -> NDArray[np.float64]:
    """Share of the weights, which must ascend, in each of `bins` equal bins from the smallest to the largest."""
    edges = np.linspace(float(ordered[0]), float(ordered[-1]), bins + 1)
    below = np.searchsorted(ordered, edges[1:-1])
    shares: NDArray[np.float64] = np.diff([0, *below, len(ordered)]) / len(ordered)
    return shares


def _chunks(weights: Values) -> Iterator[tuple[int, NDArray[np.float64]]]:
    """Pieces in float64, each with the index where it starts."""
    for start in range(0, len(weights), CHUNK):
        yield start, weights[start : start + CHUNK].astype(np.float64)
