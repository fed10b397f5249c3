"""Rules by which a search gives a trial up before its training ends.

No torch, no Optuna. They compare held-out losses at equal progress, of trials with the same seed, which saw the same
images in the same order. The losses are the best so far, since a loss that rises again only says that the training was
too long.
"""

from collections.abc import Sequence
from typing import Annotated, Literal

import numpy as np
from pydantic import Field, PositiveInt

from raysweep.study.base import Frozen
from raysweep.training.course import Course, Limits

Share = Annotated[float, Field(ge=0, lt=1)]


class MedianRule(Frozen):
    """Goes on while the loss is no worse than the median of the configurations that were trained to their end.

    Source: Golovin et al. (2017), Google Vizier, Section 3.2.1; as in Optuna's `MedianPruner`, without averages over
    earlier progress.
    """

    kind: Literal["median"] = "median"
    startup: PositiveInt = 5
    """Nothing is pruned before this many configurations were trained to their end."""
    warmup: Share = 0.25
    """Nothing is pruned before this share of the training."""

    def limits(self, complete: Sequence[Course], pruned: Sequence[Course], evaluations: int) -> Limits:
        """The limits that a trial must not exceed.

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
    """At each rung, a trial goes on if it is among the best 1/`reduction` of all trials that came so far.

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
            kept = max(1, (len(losses) + 1) // self.reduction)  # counts these and the trial that is judged
            if kept <= len(losses):
                found[rung] = losses[kept - 1]
            share *= self.reduction
        return found


AnyPruner = Annotated[MedianRule | Halving, Field(discriminator="kind")]
