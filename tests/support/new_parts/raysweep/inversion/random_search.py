"""Inversion by trying prior samples."""

import torch
from raysweep.study.random_search import RandomSearch
from torch import Tensor

from raysweep.inversion.problem import Generate, Inversion, squared_error
from raysweep.inversion.shared import NOTHING, Shared


def invert(
    generate: Generate, targets: Tensor, starts: Tensor, settings: RandomSearch, _shared: Shared = NOTHING
) -> Inversion:
    """The start of each image that comes nearest to it."""
    errors = torch.stack([squared_error(generate(z), targets) for z in starts])
    error, winner = errors.min(dim=0)
    passes = torch.full_like(winner, len(starts))
    z = starts[winner, torch.arange(len(targets))]
    return Inversion(z, error, ("budget spent",) * len(targets), passes)
