"""How much of the prior lies where the encoder puts hardly any image."""

import torch
from torch import Tensor

from raysweep.measures.codes import chosen_images, codes, whitening
from raysweep.measures.context import Columns, MeasureContext
from raysweep.measures.density_ratio import fit_log_ratio
from raysweep.measures.streams import normal, normal_each
from raysweep.seeding import derive_seed
from raysweep.study.measures import Shard
from raysweep.study.measures.holes import Codes, Holes


def run(settings: Holes, shard: Shard, context: MeasureContext) -> Columns:
    """One row: the mass of holes as the codes are, and after whitening. All of it is measured on the same samples."""
    kind: Codes = "means" if shard.part == "means" else "posterior"
    train = codes(kind, "train", chosen_images("train", settings.images, context), context)
    held_out = codes(kind, "validation", chosen_images("validation", settings.images, context), context)
    seed, shape = context.trial.seed, (context.latent_dim,)
    prior = normal_each(range(shard.start, shard.stop), shape, context.device, seed, "holes")
    fitted = normal((len(train), *shape), context.device, seed, "holes", "fitted")
    white = whitening(train)
    masses = [
        hole_mass(view(train), fitted, view(held_out), prior, settings.density, derive_seed(seed, "holes", "ratio"))
        for view in (lambda z: z, white)
    ]
    return {
        "part": [shard.part],
        "mass": [masses[0]],
        "whitened_mass": [masses[1]],
        "samples": [len(prior)],
        "codes": [len(train)],
        "held_out": [len(held_out)],
        "density": [settings.density],
    }


def hole_mass(train: Tensor, fitted: Tensor, held_out: Tensor, prior: Tensor, density: float, seed: int = 0) -> float:
    """The mass of holes: the largest share of the prior on which codes have at most `density` of the prior's.

    sup P(A) over the sets A with Q(A) ≤ τ P(A), for the prior P and the distribution Q of codes. By the lemma of Neyman
    and Pearson, no set does better than where dQ/dP is below some level. That ratio is estimated from codes of
    training images and prior samples; P and Q of its level sets from others, on which it was not fitted. So, but for
    chance, a poor estimate of the ratio makes the mass too small, never too large. Q(A) counts one more code than there
    are in A: with n held-out codes, masses below 1 / (τ (n + 1)) are not seen, and are 0.

    Args:
        train: (count, dim(z)) codes to fit the ratio.
        fitted: (count, dim(z)) prior samples to fit it.
        held_out: (count, dim(z)) other codes.
        prior: (count, dim(z)) other prior samples.
        density: τ.
        seed: of the ratio's network.

    Source: Manoj (2018), Definition 2.4, made a number by Neyman and Pearson (1933); the form is ours.
    """
    log_ratio = fit_log_ratio(train.cpu().double(), fitted.cpu().double(), seed)
    levels = log_ratio(prior.cpu().double()).sort().values
    of_codes = log_ratio(held_out.cpu().double()).sort().values
    below = torch.arange(1, len(levels) + 1) / len(levels)
    codes_below = (torch.searchsorted(of_codes, levels, right=True) + 1) / (len(of_codes) + 1)
    return float(torch.where(codes_below <= density * below, below, 0.0).max())
