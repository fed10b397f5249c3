"""The course of a trial's held-out loss, and the limits at which a search ends it early. No torch."""

from collections.abc import Mapping
from itertools import accumulate

import numpy as np
import pandas as pd

from raysweep.study.base import short_hash
from raysweep.study.models import FamilySettings
from raysweep.study.objectives import held_out_losses, loss_rows

Course = Mapping[int, float]
"""The best held-out loss so far of one trial, by progress: the number of the evaluation, of those of a whole trial."""


Limits = Mapping[int, float]
"""The largest loss at which a trial goes on, by progress."""


NO_LIMITS: Limits = {}


def course_of(history: pd.DataFrame, model: FamilySettings, steps: int, evaluations: int) -> dict[int, float]:
    """The course of a trial, from its history so far.

    Args:
        history: Its rows of the table `history`.
        model: What is trained.
        steps: Of the whole trial.
        evaluations: Progress of the whole trial.
    """
    losses = held_out_losses(loss_rows(history, model))
    return dict(zip([step * evaluations // steps for step in losses], accumulate(losses.values(), min), strict=True))


def pruned_at(course: Course, limits: Limits) -> int | None:
    """The progress at which a trial exceeded its limits; None if it has not."""
    return min((each for each, limit in limits.items() if course.get(each, -np.inf) > limit), default=None)


def pruning_words(course: Course, limits: Limits, progress: int, evaluations: int) -> str:
    """Says why a trial was pruned at that progress."""
    share, loss, limit = progress / evaluations, course[progress], limits[progress]
    return f"held-out loss {loss:.5g} after {share:.0%} of the training, above the limit of {limit:.5g}"


def limits_key(limits: Limits) -> str:
    """A key of the limits: a trial may be pruned by some limits and not by others."""
    return short_hash([[progress, limits[progress]] for progress in sorted(limits)])
