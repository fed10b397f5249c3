from dataclasses import replace
from pathlib import Path

import pytest

from raysweep.execution.cluster import remote as cluster_tasks
from raysweep.execution.tasks import MeasureTask, Task, Workplace
from raysweep.study import Samples
from raysweep.study.measures import Shard
from support.small_study import STUDY


def shard(number: int, trial: int = 1, key: str = "samples-1a2b3c") -> MeasureTask:
    cut = Shard("samples", number, number + 1)
    return MeasureTask(Samples(), key, STUDY.trials[trial], cut, None, None, Workplace(Path(), Path()), 1.0)


def test_a_process_stops_at_the_first_failure_and_raises_if_nothing_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[int] = []

    class Worker:
        def run(self, task: Task, weights: object, tell: object) -> None:
            assert isinstance(task, MeasureTask)
            if task.shard.start == 2:
                raise MemoryError("no room")
            ran.append(task.shard.start)

    monkeypatch.setattr(cluster_tasks, "_worker", lambda device: Worker())
    monkeypatch.setattr(cluster_tasks, "choose_device", lambda: cluster_tasks.torch.device("cpu"))
    batch = [shard(number) for number in range(4)]
    assert len(cluster_tasks.run(batch, None, [])) == 2
    assert ran == [0, 1]
    with pytest.raises(MemoryError):
        cluster_tasks.run(batch[2:], None, [])
    assert ran == [0, 1]
    assert len(cluster_tasks.run([replace(batch[0], flop=2.0), batch[3]], None, [])) == 2
