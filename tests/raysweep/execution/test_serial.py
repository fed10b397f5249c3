from pathlib import Path

import pytest

from raysweep.execution import tasks, worker
from raysweep.execution.pipeline import run_study
from raysweep.execution.serial import SerialBackend
from raysweep.execution.tasks import Workplace
from raysweep.results.patience import StorageError
from support.runs import Recorder
from support.small_study import STUDY


def test_storage_that_was_given_up_ends_the_work_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tried = []

    def refused(self: worker.Worker, task: tasks.Task, **options: object) -> None:
        tried.append(task)
        raise StorageError("tried for 120 s")

    monkeypatch.setattr(worker.Worker, "run", refused)
    with pytest.raises(StorageError, match="tried for 120 s"):
        run_study(STUDY, Workplace(tmp_path, tmp_path), SerialBackend(), Recorder(), ["train"])
    assert len(tried) == 1
