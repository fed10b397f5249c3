"""What a process does with a task, whatever gave it the task."""

from pathlib import Path

import numpy as np
import pytest
import torch
from threadpoolctl import threadpool_info, threadpool_limits

from raysweep.execution.tasks import MeasureTask, TrainTask, Workplace
from raysweep.execution.worker import Worker
from raysweep.study import Arm, Digits, Samples, Study, WganGp

STUDY = Study(
    name="worker",
    title="A worker",
    question="Does it do what it is given?",
    data=Digits(limit=50),
    arms=(Arm(model=WganGp(steps=2, width=4, batch=8, latent_dim=2)),),
    measures=(Samples(count=3),),
)
TRIAL = STUDY.trials[0]


def blas_threads() -> set[int]:
    return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}


def test_a_task_has_as_many_threads_as_its_trial_whatever_the_environment_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a sum of many numbers, such as a covariance, would end in other digits in one process than on Ray."""
    seen = []
    monkeypatch.setattr(Worker, "_train", lambda *_: seen.append((blas_threads(), torch.get_num_threads())))
    trial = STUDY.trials[0]
    assert trial.resources.cpus == 1
    with threadpool_limits(2, user_api="blas"):
        outside = blas_threads()
        Worker(torch.device("cpu")).run(TrainTask(trial, Workplace(tmp_path, tmp_path), 60.0, 1.0))
        assert blas_threads() == outside
    assert outside == {2}
    assert seen == [({1}, 1)]


def test_a_trained_model_is_measured_from_its_file_or_from_weights_that_are_given(tmp_path: Path) -> None:
    place, told = Workplace(tmp_path, tmp_path), list[float]()
    store, key = place.store, STUDY.measure_key(STUDY.measures[0])
    Worker(torch.device("cpu")).run(TrainTask(TRIAL, place, 60.0, 1.0), tell=told.append)
    assert all(0 <= share <= 1 for share in told)
    record = store.trials.record(TRIAL.id)
    assert record is not None
    assert record.status == "finished"
    (shard,) = STUDY.measures[0].shards(TRIAL.model, STUDY.data.facts(tmp_path))
    task = MeasureTask(STUDY.measures[0], key, TRIAL, shard, None, None, place, 1.0)
    weights = np.frombuffer(store.trials.read_model(TRIAL.id), np.uint8)
    rows = []
    for given in (None, {TRIAL.id: weights}):
        Worker(torch.device("cpu")).run(task, given)
        rows.append(store.shards.rows(Samples.table, key, TRIAL.id, [shard]))
    assert rows[0].num_rows == 3
    assert rows[0].equals(rows[1])


def test_a_model_without_its_file_cannot_be_measured(tmp_path: Path) -> None:
    place = Workplace(tmp_path, tmp_path)
    (shard,) = STUDY.measures[0].shards(TRIAL.model, STUDY.data.facts(tmp_path))
    task = MeasureTask(STUDY.measures[0], "samples-1", TRIAL, shard, None, None, place, 1.0)
    with pytest.raises(FileNotFoundError):
        Worker(torch.device("cpu")).run(task)
