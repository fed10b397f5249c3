"""Limits decide as Optuna's pruners do, whose decisions are the oracle."""

import optuna
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from optuna.pruners import BasePruner, MedianPruner, SuccessiveHalvingPruner

from raysweep.training.course import Course, pruned_at
from raysweep.tuning import Halving, MedianRule
from raysweep.tuning.pruners import AnyPruner

EVALUATIONS = 9
DROPS = st.lists(st.integers(0, 5), min_size=EVALUATIONS, max_size=EVALUATIONS)


def falling(drops: list[int]) -> Course:
    """Losses that never rise, from 50."""
    return {progress: 50.0 - sum(drops[:progress]) for progress in range(1, EVALUATIONS + 1)}


def judged_by_optuna(pruner: BasePruner, courses: list[Course]) -> list[int]:
    """How far each trial comes, one after the other."""
    study = optuna.create_study(pruner=pruner)
    reached = []
    for course in courses:
        trial = study.ask()
        for progress, loss in course.items():
            trial.report(loss, progress)
            if progress < EVALUATIONS and trial.should_prune():
                study.tell(trial, state=optuna.trial.TrialState.PRUNED)
                break
        else:
            study.tell(trial, course[EVALUATIONS])
        reached.append(progress)
    return reached


def judged_by_limits(pruner: AnyPruner, courses: list[Course]) -> list[int]:
    complete: list[Course] = []
    pruned: list[Course] = []
    reached = []
    for course in courses:
        limits = pruner.limits(complete, pruned, EVALUATIONS)
        above = pruned_at(course, limits)
        reached.append(above or EVALUATIONS)
        seen = {progress: loss for progress, loss in course.items() if progress <= reached[-1]}
        (pruned if above else complete).append(seen)
    return reached


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (MedianRule(startup=2, warmup=0.25), lambda: MedianPruner(n_startup_trials=2, n_warmup_steps=3)),
        (
            Halving(reduction=3, first=1 / 9),
            lambda: SuccessiveHalvingPruner(min_resource=1, reduction_factor=3),
        ),
    ],
    ids=lambda each: getattr(each, "kind", ""),
)
@given(drops=st.lists(DROPS, min_size=1, max_size=12))
@settings(max_examples=30, deadline=None)
def test_trials_are_pruned_where_optuna_prunes_them(ours: AnyPruner, theirs: object, drops: list[list[int]]) -> None:
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    courses = [falling(each) for each in drops]
    assert callable(theirs)
    assert judged_by_limits(ours, courses) == judged_by_optuna(theirs(), courses)
