"""What a process does with a task, whatever gave it the task."""

from pathlib import Path

import pytest
import torch
from threadpoolctl import threadpool_info, threadpool_limits

from raysweep.execution.tasks import TrainTask, Workplace
from raysweep.execution.worker import Worker
from support.small_study import STUDY


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
