"""The classes in a latent space of one or two dimensions, as a map."""

import torch
from torch import Tensor

from raysweep.measures.classes import logits_of
from raysweep.measures.context import Columns, MeasureContext
from raysweep.measures.streams import normal
from raysweep.study.measures import Shard
from raysweep.study.measures.class_map import ClassMap


def run(settings: ClassMap, shard: Shard, context: MeasureContext) -> Columns:
    """One row for each line of the shard; a line is classified at once."""
    lines = range(shard.start, shard.stop)
    latents = [_latents(settings, shard, line, context) for line in lines]
    classify = logits_of(settings.classifier, context)
    with torch.no_grad():
        images = [context.learner.generate(z) for z in latents]
        labels = [classify(some).argmax(dim=1).tolist() for some in images]
    points = context.data.facts.points
    return {
        "part": [shard.part] * len(lines),
        "line": list(lines),
        "z": [z.flatten().tolist() for z in latents],
        "labels": labels,
        "points": [some.flatten().tolist() if points else None for some in images],
    }


def _latents(settings: ClassMap, shard: Shard, line: int, context: MeasureContext) -> Tensor:
    """(count, dim(z)): the prior samples, or one line of the grid."""
    if shard.part == "samples":
        shape = (settings.samples, context.latent_dim)
        return normal(shape, context.device, settings.name, context.trial.seed, "sample")
    ticks = torch.linspace(-settings.extent, settings.extent, settings.resolution, device=context.device)
    across = ticks[:, None]
    return torch.cat([across, ticks[line].expand_as(across)], dim=1) if context.latent_dim == 2 else across
