"""What computes `Brightness`."""

import torch
from raysweep.study.measures.brightness import Brightness

from raysweep.measures.context import Columns, MeasureContext
from raysweep.measures.streams import normal
from raysweep.study.measures import Shard


def run(settings: Brightness, shard: Shard, context: MeasureContext) -> Columns:
    """One row, of the samples that all trials of one dim(z) share."""
    z = normal((settings.samples, context.latent_dim), context.device, "brightness", context.latent_dim)
    with torch.no_grad():
        return {"part": [shard.part], "brightness": [float(context.learner.generate(z).mean())]}
