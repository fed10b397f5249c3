"""The scores of a configuration, from its trials and shards in the results folder."""

import math
from dataclasses import replace

import pandas as pd

from raysweep.results.shards import done_shards
from raysweep.results.store import StudyStore
from raysweep.study.core import Study, Trial
from raysweep.study.data import DataFacts
from raysweep.study.objectives import OBJECTIVES, loss_rows
from raysweep.study.table import HISTORY
from raysweep.training.course import Course, course_of, limits_key, pruned_at, pruning_words
from raysweep.training.loop import EVALUATIONS
from raysweep.tuning.search import Configuration
from raysweep.tuning.settings import Tuning


def judge(
    tuning: Tuning, study: Study, configuration: Configuration, facts: DataFacts, store: StudyStore
) -> Configuration:
    """The configuration as its trials ended: failed if one did, else pruned if one was, else scored."""
    courses: dict[int, Course] = {}
    reasons: list[str] = []
    for trial in _trials(study, configuration.arm) if tuning.pruner else ():
        limits = configuration.limits[trial.seed]
        pruned = store.trials.pruned(trial.id, limits_key(limits))
        if pruned is not None:
            course = pruned[1]
        elif reason := _failure(store, trial):
            return replace(configuration, state="failed", reason=reason)
        else:
            history, steps = store.trials.history(trial.id).to_pandas(), trial.model.total_steps(facts)
            course = course_of(history, trial.model, steps, EVALUATIONS)
        progress = pruned_at(course, limits)  # this includes trials that another search has trained to their end
        if progress is not None:
            course = {each: loss for each, loss in course.items() if each <= progress}
            reasons.append(f"seed {trial.seed}: {pruning_words(course, limits, progress, EVALUATIONS)}")
        courses[trial.seed] = course
    if reasons:
        return replace(configuration, state="pruned", reason="; ".join(reasons), courses=courses)
    scores, reason = evaluate(tuning, study, configuration.arm, facts, store)
    if reason:
        return replace(configuration, state="failed", reason=reason)
    return replace(configuration, state="complete", scores=scores, courses=courses)


def evaluate(
    tuning: Tuning, study: Study, arm: str, facts: DataFacts, store: StudyStore
) -> tuple[dict[str, list[float]], str]:
    """Every objective of an arm's trials, by seed; or the reason why a number is missing or not finite."""
    scores: dict[str, list[float]] = {name: [] for name in tuning.objectives}
    for trial in _trials(study, arm):
        if reason := _failure(store, trial):
            return {}, reason
        for name in tuning.objectives:
            rows, reason = _rows(tuning, study, trial, name, facts, store)
            value = math.nan if reason else OBJECTIVES[name].value(rows)
            if not math.isfinite(value):
                return {}, f"seed {trial.seed}: {name} {reason or f'is {value}'}"
            scores[name].append(value)
    return scores, ""


def _rows(
    tuning: Tuning, study: Study, trial: Trial, name: str, facts: DataFacts, store: StudyStore
) -> tuple[pd.DataFrame, str]:
    objective = OBJECTIVES[name]
    if objective.table is HISTORY:
        return loss_rows(store.trials.history(trial.id).to_pandas(), trial.model), ""
    wanted = tuning.measure_of(objective)
    assert wanted is not None, "a tuning checks that its objectives are measured"
    key, shards = study.measure_key(wanted), wanted.shards(trial.model, facts)
    try:
        return pd.DataFrame(store.shards.rows(objective.table, key, trial.id, shards).to_pandas()), ""
    except FileNotFoundError:
        done = done_shards(store.shards.files(key, trial.id), key, trial.id, shards)
    missing = next(shard for shard in shards if shard not in done)
    return pd.DataFrame(), f"was not measured: {store.shards.failure(key, trial.id, missing)}"


def _trials(study: Study, arm: str) -> list[Trial]:
    return [trial for trial in study.trials if trial.arm == arm]


def _failure(store: StudyStore, trial: Trial) -> str:
    """Why the trial left no model; empty if it did."""
    record = store.trials.record(trial.id)
    if record is not None and record.status == "finished":
        return ""
    why = record.reason if record else store.trials.failure(trial.id)
    return f"seed {trial.seed}: {record.status if record else 'failed'}: {why}"
