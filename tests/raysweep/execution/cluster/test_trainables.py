"""What a trial's process tells Tune when something is wrong; without a cluster."""

import errno
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from ray import cloudpickle

from raysweep.execution.cluster import trainables
from raysweep.execution.cluster.trainables import TrialTrainable, to_config, trainable
from raysweep.execution.tasks import TrainTask, Workplace
from raysweep.results import patience
from raysweep.results.patience import StorageError
from raysweep.study.models import FamilySettings
from support.small_study import STUDY

TRIAL = next(trial for trial in STUDY.trials if trial.arm == "pca")


@pytest.fixture
def task(tmp_path: Path) -> TrainTask:
    return TrainTask(TRIAL, Workplace(str(tmp_path), tmp_path), 60.0, 1.0)


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses between tries, none of which is made."""
    made: list[float] = []
    monkeypatch.setattr(patience, "sleep", made.append)
    return made


@pytest.fixture(autouse=True)
def processor(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asks Ray for a GPU starts Ray."""
    monkeypatch.setattr(trainables, "choose_device", lambda: torch.device("cpu"))


def failing(monkeypatch: pytest.MonkeyPatch, *errors: Exception) -> None:
    """Has training fail to start with these errors, one after the other; then it starts."""
    left, start = list(errors), trainables.start_training

    def fail_or_start(*arguments: Any) -> Any:
        if left:
            raise left.pop(0)
        return start(*arguments)

    monkeypatch.setattr(trainables, "start_training", fail_or_start)


def steps(task: TrainTask, done: Callable[[dict[str, Any]], bool]) -> list[dict[str, Any]]:
    running = trainable(type(task.trial.model))({"task": to_config(task)})
    told = []
    while not told or not done(told[-1]):
        told.append(running.step())
    running.cleanup()
    return told


@pytest.mark.slow
def test_storage_that_refuses_for_a_while_is_waited_for(
    task: TrainTask, pauses: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    failing(monkeypatch, *[OSError(errno.EIO, "Input/output error")] * 3)
    told = steps(task, lambda result: result["done"])
    assert len(pauses) == 3
    assert [result["done"] for result in told[:3]] == [False] * 3
    record = task.workplace.store.trials.record(TRIAL.id)
    assert record is not None
    assert record.status == "finished"


@pytest.mark.slow
def test_tune_is_told_the_metric_of_the_family(task: TrainTask) -> None:
    told = steps(task, lambda result: result["done"])[-1]
    history = task.workplace.store.trials.history(TRIAL.id).to_pandas()
    split, metric = TRIAL.model.metric.split("/")
    (value,) = history.loc[(history["split"] == split) & (history["metric"] == metric), "value"]
    assert (told["score"], told["share"]) == (value, 1.0)


@pytest.mark.parametrize("family", [*FamilySettings.kinds().values()], ids=lambda family: family.__name__)
def test_every_family_has_a_trainable_of_its_name_that_crosses_to_other_processes(family: type[FamilySettings]) -> None:
    there = cloudpickle.loads(cloudpickle.dumps(trainable(family)))
    assert there.__name__ == f"{family.__name__}Trainable"
    assert issubclass(there, TrialTrainable)


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "full"), StorageError("results folder: full")])
@pytest.mark.slow
def test_a_full_disk_halts_everything_and_is_no_failure_of_the_trial(
    error: Exception, task: TrainTask, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing(monkeypatch, error)
    (told,) = steps(task, lambda result: result["done"])
    assert "full" in told["halt"]
    assert task.workplace.store.trials.failure(TRIAL.id) is None


def test_any_other_error_is_recorded_and_tune_sees_it(task: TrainTask, monkeypatch: pytest.MonkeyPatch) -> None:
    failing(monkeypatch, ValueError("wrong"))
    with pytest.raises(ValueError, match="wrong"):
        steps(task, lambda result: result["done"])
    assert task.workplace.store.trials.failure(TRIAL.id) == "ValueError: wrong"
