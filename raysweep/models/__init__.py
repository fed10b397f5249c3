"""Model families in plain PyTorch, one file each: made from their settings, without Ray, files or a whole study."""

from typing import cast

import torch

from raysweep.models.learner import Learner
from raysweep.study.data import DataFacts
from raysweep.study.models import FamilySettings


def build_learner(settings: FamilySettings, facts: DataFacts, seed: int, device: torch.device) -> Learner:
    """The learner of a family, initialised from the seed and not yet trained.

    Raises:
        ValueError: the family cannot work on images of that shape.
    """
    return cast("type[Learner]", settings.implementation())(settings, facts, seed, device)
