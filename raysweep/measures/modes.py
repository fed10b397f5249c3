"""How many modes of 2D-Grid a model captures, and how evenly."""

import torch
from torch import Tensor

from raysweep.measures.classes import modes_of
from raysweep.measures.context import Columns, MeasureContext
from raysweep.measures.streams import normal
from raysweep.study.data import GRID2D_DEVIATION
from raysweep.study.measures import Shard
from raysweep.study.measures.modes import Modes


def run(settings: Modes, shard: Shard, context: MeasureContext) -> Columns:
    """One row, from samples of the trial's own stream."""
    shape = (settings.samples, context.latent_dim)
    with torch.no_grad():
        points = context.learner.generate(normal(shape, context.device, settings.name, context.trial.seed, "sample"))
    modes = modes_of(context)
    squared, label = (points.flatten(1)[:, None] - modes).square().sum(dim=2).min(dim=1)
    good = squared <= (settings.deviations * GRID2D_DEVIATION) ** 2
    nearest, captured = (torch.bincount(chosen, minlength=len(modes)) for chosen in (label, label[good]))
    return {
        "captured": [int((captured > 0).sum())],
        "modes": [len(modes)],
        "samples": [settings.samples],
        "deviations": [settings.deviations],
        "high_quality": [int(good.sum()) / settings.samples],
        "reverse_kl": [reverse_kl(nearest)],
        "nearest": [nearest.tolist()],
        "points": [points[: settings.keep].flatten().tolist()],
    }


def reverse_kl(counts: Tensor) -> float:
    """Σ qᵢ ln(K qᵢ), in nats: the divergence of the shares qᵢ of `counts` (K,) from equal ones; ln K of one mode."""
    shares = counts.double() / counts.sum()
    return float(torch.special.xlogy(shares, len(counts) * shares).sum())
