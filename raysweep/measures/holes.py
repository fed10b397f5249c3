"""How much of the prior lies where the encoder puts no image."""

import numpy as np
from torch import Tensor

from raysweep.measures.codes import chosen_images, codes, whitening
from raysweep.measures.context import Columns, MeasureContext
from raysweep.measures.neighbours import nearest_distances
from raysweep.measures.streams import normal_each
from raysweep.study.measures import Holes, Shard
from raysweep.study.measures.holes import Codes


def run(settings: Holes, shard: Shard, context: MeasureContext) -> Columns:
    """One row: the mass of holes as the prior is, and after whitening. All of it is measured on the same samples."""
    kind: Codes = "means" if shard.part == "means" else "posterior"
    train = codes(kind, "train", chosen_images("train", settings.images, context), context)
    held_out = codes(kind, "validation", chosen_images("validation", settings.images, context), context)
    places = range(shard.start, shard.stop)
    prior = normal_each(places, (context.latent_dim,), context.device, context.trial.seed, "holes")
    white = whitening(train)
    mass, threshold = hole_mass(prior, train, held_out, settings.quantile)
    whitened_mass, whitened_threshold = hole_mass(prior, white(train), white(held_out), settings.quantile)
    return {
        "part": [shard.part],
        "mass": [mass],
        "whitened_mass": [whitened_mass],
        "samples": [len(prior)],
        "codes": [len(train)],
        "held_out": [len(held_out)],
        "quantile": [settings.quantile],
        "threshold": [threshold],
        "whitened_threshold": [whitened_threshold],
    }


def hole_mass(prior: Tensor, train: Tensor, held_out: Tensor, quantile: float) -> tuple[float, float]:
    """Share of `prior` in holes, and the threshold: the quantile of the distances from held-out codes to training ones.

    Distances are to the nearest of `train`. All three are points (count, dim(z)).
    """
    threshold = float(np.quantile(nearest_distances(held_out, train).cpu().numpy(), quantile))
    return float((nearest_distances(prior, train) > threshold).double().mean()), threshold
