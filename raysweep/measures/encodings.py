"""Where the encoder puts images in the latent space."""

from raysweep.measures.codes import chosen_images, posteriors
from raysweep.measures.context import Columns, MeasureContext
from raysweep.study.data import Split
from raysweep.study.measures import Shard
from raysweep.study.measures.encodings import Encodings


def run(settings: Encodings, shard: Shard, context: MeasureContext) -> Columns:
    """One row an image."""
    split: Split = "train" if shard.part == "train" else "validation"
    images = chosen_images(split, shard.stop, context)[shard.start :]
    means, deviations = posteriors(split, images, context)
    labels = context.data.split(split).labels
    return {
        "part": [shard.part] * len(images),
        "image": images.tolist(),
        "label": [None] * len(images) if labels is None else labels[images].tolist(),
        "z": means.tolist(),
        "deviation": deviations.tolist() if context.trial.model.has_posterior else [None] * len(images),
    }
