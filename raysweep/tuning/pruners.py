"""When a search gives a trial up before its training ends. No torch, no Optuna.

What decides is the held-out loss, at common progress, of trials with the same seed: these saw the same images in the
same order. Losses are best ones so far, as one that rises again says no more than that the training was too long.
"""

from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Annotated, Literal

import numpy as np
import pandas as pd
from pydantic import Field, PositiveInt

from raysweep.study.base import Frozen, short_hash
from raysweep.study.objectives import held_out_losses

Course = Mapping[int, float]
"""The best held-out loss so far of one trial, by progress: the number of the evaluation, of those of a whole trial."""
Limits = Mapping[int, float]
"""The largest loss with which a trial goes on, by progress."""
NO_LIMITS: Limits = {}

Share = Annotated[float, Field(ge=0, lt=1)]


class MedianRule(Frozen):
    """Goes on while the loss is no worse than the median of the configurations that were trained to their end.

    Source: Golovin et al. (2017), Google Vizier, Section 3.2.1; as in Optuna's `MedianPruner`, without averages over
    earlier progress.
    """

    kind: Literal["median"] = "median"
    startup: PositiveInt = 5
    """Nothing is pruned before so many configurations were trained to their end."""
    warmup: Share = 0.25
    """Nor before this share of the training."""

    def limits(self, complete: Sequence[Course], pruned: Sequence[Course], evaluations: int) -> Limits:
        """What a trial must not exceed.

        Args:
            complete: Losses of the trials that were trained to their end.
            pruned: Those of the trials that were not.
            evaluations: Progress of a whole trial.
        """
        if len(complete) < self.startup:
            return {}
        judged = [progress for progress in range(1, evaluations) if progress > self.warmup * evaluations]
        values = {progress: [course[progress] for course in complete if progress in course] for progress in judged}
        return {progress: float(np.median(losses)) for progress, losses in values.items() if losses}


class Halving(Frozen):
    """At each rung, a trial goes on if it is among the best 1/`reduction` of all that came so far.

    Rungs are at the shares `first`, `first` · `reduction`, … of the training. The other brackets of Hyperband, which
    begin later, are left out.

    Source: Li et al. (2020), asynchronous successive halving; as in Optuna's `SuccessiveHalvingPruner`.
    """

    kind: Literal["halving"] = "halving"
    reduction: Annotated[int, Field(ge=2)] = 3
    first: Annotated[float, Field(gt=0, lt=1)] = 0.1

    def limits(self, complete: Sequence[Course], pruned: Sequence[Course], evaluations: int) -> Limits:
        """See `MedianRule`."""
        found: dict[int, float] = {}
        share = self.first
        while (rung := max(1, round(share * evaluations))) < evaluations:
            losses = sorted(course[rung] for course in (*complete, *pruned) if rung in course)
            kept = max(1, (len(losses) + 1) // self.reduction)  # of these and the one that is judged
            if kept <= len(losses):
                found[rung] = losses[kept - 1]
            share *= self.reduction
        return found


AnyPruner = Annotated[MedianRule | Halving, Field(discriminator="kind")]


def course_of(history: pd.DataFrame, steps: int, evaluations: int) -> dict[int, float]:
    """The course of a trial, given the history of so much of its training as was done.

    Args:
        history: Its rows of the table `history`.
        steps: Of the whole trial.
        evaluations: Progress of the whole trial.
    """
    losses = held_out_losses(history)
    return dict(zip([step * evaluations // steps for step in losses], accumulate(losses.values(), min), strict=True))


def pruned_at(course: Course, limits: Limits) -> int | None:
    """The progress at which a trial came above its limits; None if it has not."""
    return min((each for each, limit in limits.items() if course.get(each, -np.inf) > limit), default=None)


def pruning_words(course: Course, limits: Limits, progress: int, evaluations: int) -> str:
    """Why it was pruned there."""
    share, loss, limit = progress / evaluations, course[progress], limits[progress]
    return f"held-out loss {loss:.5g} after {share:.0%} of the training, above the limit of {limit:.5g}"


def limits_key(limits: Limits) -> str:
    """A name that no other limits have: a trial may be pruned by some, and not by others."""
    return short_hash([[progress, limits[progress]] for progress in sorted(limits)])
