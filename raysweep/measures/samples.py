"""Pictures generated from prior samples."""

import torch

from raysweep.data.images import to_bytes
from raysweep.measures.context import Columns, MeasureContext
from raysweep.measures.streams import normal
from raysweep.study.measures import Shard
from raysweep.study.measures.samples import Samples


def run(settings: Samples, shard: Shard, context: MeasureContext) -> Columns:
    """Images of the prior samples that all trials of one dim(z) share, whatever their seed."""
    z = normal((settings.count, context.latent_dim), context.device, "samples", context.latent_dim)
    with torch.no_grad():
        images = to_bytes(context.learner.generate(z[shard.start : shard.stop]))
    return {"sample": list(range(shard.start, shard.stop)), "pixels": [image.tobytes() for image in images]}
