"""The settings that a tuning recommends, as a study. No torch, no Optuna."""

from collections.abc import Mapping, Sequence

import pandas as pd

from raysweep.study.core import Study
from raysweep.study.objectives import OBJECTIVES
from raysweep.tuning.settings import Tuning

SUFFIX = "_recommended"

Scores = Mapping[str, Sequence[float]]
"""By objective, one value for each fresh seed."""


def recommended_arm(tuning: Tuning, scores: Mapping[str, Scores]) -> str | None:
    """The arm with the smallest sum of ranks of its means over fresh seeds; of several, the first.

    So it is on the Pareto front of these means, since an arm that dominates another has a smaller sum. Baselines and
    twins take part, and are recommended if the search has found nothing better. None if no arm has all objectives.
    """
    whole = {arm: each for arm, each in scores.items() if all(each.get(name) for name in tuning.objectives)}
    if not whole:
        return None
    costs = pd.DataFrame(
        {
            name: [OBJECTIVES[name].sign * pd.Series(each[name]).mean() for each in whole.values()]
            for name in tuning.objectives
        },
        index=list(whole),
    )
    return str(costs.rank().sum(axis=1).idxmin())


def recommended_study(tuning: Tuning, study: Study, scores: Mapping[str, Scores]) -> Study | None:
    """The recommended arm alone, measured as the finalists were, on seeds that had no part in choosing it.

    Its name differs from the tuning's, since it must not share the tuning's results folder.

    Args:
        tuning: What was searched.
        study: Its baselines, finalists and twins, as they were trained on fresh seeds.
        scores: Their scores there, by arm.

    Returns:
        None if there is nothing to recommend.
    """
    name = recommended_arm(tuning, scores)
    if name is None:
        return None
    first = max(*tuning.seeds, *tuning.fresh_seeds) + 1
    return study.model_copy(
        update={
            "name": f"{tuning.name[: 40 - len(SUFFIX)]}{SUFFIX}",
            "title": f"{tuning.title}: the recommended settings",
            "arms": tuple(arm for arm in study.arms if arm.name == name),
            "seeds": tuple(range(first, first + len(tuning.fresh_seeds))),
        }
    )
