"""The settings that a tuning recommends, as a study file that runs as it is. No torch, no Optuna."""

from collections.abc import Mapping, Sequence

import pandas as pd

from raysweep.study.core import Study
from raysweep.study.objectives import OBJECTIVES
from raysweep.tuning.settings import Tuning
from raysweep.tuning.source import study_source

SUFFIX = "_recommended"

Scores = Mapping[str, Sequence[float]]
"""By objective, one value for each fresh seed."""


def recommended_arm(tuning: Tuning, scores: Mapping[str, Scores]) -> str | None:
    """The arm with the smallest sum of ranks of its means over fresh seeds; of several, the first.

    So it is on the Pareto front of these means: what dominates another has a smaller sum. Baselines and twins take
    part: if nothing that was found is better than they are, they are recommended. None if no arm has all objectives.
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


def recommended_study(tuning: Tuning, study: Study, arm: str) -> Study:
    """The recommended arm alone, measured as the finalists were, on seeds that had no part in choosing it."""
    first = max(*tuning.seeds, *tuning.fresh_seeds) + 1
    return Study(
        name=f"{tuning.name[: 40 - len(SUFFIX)]}{SUFFIX}",
        title=f"{tuning.title}: the recommended settings",
        question=tuning.question,
        reduction=tuning.reduction,
        data=tuning.data,
        arms=tuple(each for each in study.arms if each.name == arm),
        seeds=tuple(range(first, first + len(tuning.fresh_seeds))),
        measures=study.measures,
        classifier=tuning.classifier,
        checkpoint_seconds=tuning.checkpoint_seconds,
        estimated_device=tuning.estimated_device,
    )


def recommendation(tuning: Tuning, study: Study, scores: Mapping[str, Scores]) -> str:
    """The text of the study file; empty if there is nothing to recommend.

    Args:
        tuning: What was searched.
        study: Its baselines, finalists and twins, as they were trained on fresh seeds.
        scores: What these scored there, by arm.
    """
    arm = recommended_arm(tuning, scores)
    if arm is None:
        return ""
    means = "\n".join(
        f"    {name} {pd.Series(scores[arm][name]).mean():.4g} ({OBJECTIVES[name].better})"
        for name in tuning.objectives
    )
    docstring = (
        f"The settings that the tuning {tuning.name} recommends: {arm}.\n\n"
        f"Of the {len(scores)} settings that were trained on {len(tuning.fresh_seeds)} fresh seeds, baselines and "
        "twins among them, these have the\nsmallest sum of ranks over the objectives. Their means there:\n\n"
        f"{means}\n\n"
        "These numbers chose them, and so are a little too good. The seeds below had no part in the choice.\n"
    )
    return study_source(recommended_study(tuning, study, arm), docstring)
