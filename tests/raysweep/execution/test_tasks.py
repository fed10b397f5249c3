from pathlib import Path

import pytest

from raysweep.errors import UserError
from raysweep.execution.tasks import (
    MeasureTask,
    PrepareTask,
    TrainTask,
    Workplace,
    describe,
    groups,
    has_succeeded,
    record_failure,
    task_name,
    worth_retrying,
)
from raysweep.results.names import statistics_name
from raysweep.results.trials import TrialRecord
from support.stored import FACTS, STUDY, finish

MEASURE = STUDY.measures[0]
KEY = STUDY.measure_key(MEASURE)


def one_of_each(folder: Path) -> tuple[TrainTask, PrepareTask, MeasureTask]:
    place, trial = Workplace(folder, folder), STUDY.trials[0]
    return (
        TrainTask(trial, place, 60.0, 1.0),
        PrepareTask(MEASURE, KEY, None, STUDY.data, place),
        MeasureTask(MEASURE, KEY, trial, MEASURE.shards(trial.model, FACTS)[0], None, None, place, 1.0),
    )


def test_names_tell_tasks_apart_and_groups_put_like_ones_together(tmp_path: Path) -> None:
    place = Workplace(tmp_path, tmp_path)
    train = [TrainTask(trial, place, 60.0, 1.0) for trial in STUDY.trials]
    measure = [
        MeasureTask(m, STUDY.measure_key(m), t, s, None, None, place, 1.0) for m, t, s in STUDY.measurements(FACTS)
    ]
    tasks = [*train, *measure]
    assert len({task_name(task) for task in tasks}) == len(tasks)
    assert {groups(task)[0] for task in tasks} == {"train", "frechet", "samples"}
    assert groups(train[0])[2:4] == ("wgan_gp", "d2")
    assert groups(one_of_each(tmp_path)[1]) == ("prepare", KEY)


def test_a_failure_is_recorded_where_a_later_run_looks_for_it(tmp_path: Path) -> None:
    train, prepare, measure = one_of_each(tmp_path)
    for task in (train, prepare, measure):
        record_failure(task, "why")
    store = train.workplace.store
    assert store.trials.failure(train.trial.id) == "why"
    assert store.assets.failure(statistics_name(KEY, STUDY.data)) == "why"
    assert store.shards.failure(KEY, measure.trial.id, measure.shard) == "why"


def test_a_trial_that_has_ended_has_not_failed(tmp_path: Path) -> None:
    train, prepare, _ = one_of_each(tmp_path)
    assert not train.has_ended
    assert has_succeeded(prepare)
    assert not has_succeeded(train)
    finish(train.workplace.store, train.trial)
    record_failure(train, "told too late")
    assert train.workplace.store.trials.failure(train.trial.id) is None
    assert has_succeeded(train)


def test_a_trial_that_diverged_has_left_nothing_to_wait_for(tmp_path: Path) -> None:
    train, *_ = one_of_each(tmp_path)
    finish(train.workplace.store, train.trial, "diverged")
    assert train.workplace.store.trials.record(train.trial.id) == TrialRecord("diverged", "", 10, 5)
    assert train.has_ended
    assert not has_succeeded(train)


def test_an_error_is_told_in_one_line_and_what_the_user_gave_is_not_tried_again() -> None:
    assert describe(RuntimeError("out\n  of memory")) == "RuntimeError: out of memory"
    assert describe(KeyError()) == "KeyError"
    assert describe(UserError("give\nless")) == "give less"
    assert worth_retrying(RuntimeError())
    assert not worth_retrying(UserError("give less"))


@pytest.mark.parametrize("limits", [{}, {1: 3.0}])
def test_only_what_has_limits_can_have_been_pruned(limits: dict[int, float], tmp_path: Path) -> None:
    train = TrainTask(STUDY.trials[0], Workplace(tmp_path, tmp_path), 60.0, 1.0, limits)
    assert not train.was_pruned
