"""How many shards a task has, and what becomes of those that fail in company."""

from collections import deque
from collections.abc import Callable
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from raysweep.execution.cluster.batches import SECONDS, Batches
from raysweep.execution.tasks import MeasureTask, Workplace
from raysweep.study import Samples
from raysweep.study.measures import Shard
from support.small_study import STUDY


def shard(number: int, trial: int = 1, key: str = "samples-1a2b3c") -> MeasureTask:
    cut = Shard("samples", number, number + 1)
    return MeasureTask(Samples(), key, STUDY.trials[trial], cut, None, None, Workplace(Path(), Path()), 1.0)


def taking(tasks: deque[MeasureTask]) -> Callable[[], MeasureTask | None]:
    return lambda: tasks.popleft() if tasks else None


def test_the_first_shard_runs_alone_and_says_how_long_they_take() -> None:
    batches = Batches()
    assert batches.size(shard(0), 1000, 8) == 1
    batches.learn(shard(0), SECONDS / 4)
    assert batches.size(shard(1), 1000, 8) == 4
    assert batches.size(shard(1, key="samples-d4e5f6"), 1000, 8) == 1
    batches.learn(shard(1), 2 * SECONDS)
    assert batches.size(shard(2), 1000, 8) == 1


@given(st.floats(0, 100), st.integers(0, 1000), st.floats(0.5, 64))
def test_few_shards_are_shared_out(seconds: float, ready: int, slots: float) -> None:
    batches = Batches()
    batches.learn(shard(0), seconds)
    size = batches.size(shard(1), ready, slots)
    assert size == 1 or (size <= ready / slots and size * seconds <= SECONDS)


def test_a_batch_is_of_one_measure_of_one_trial() -> None:
    for stranger in (shard(3, trial=2), shard(3, key="radius-1a2b3c")):
        tasks = deque([shard(1), shard(2), stranger, shard(4)])
        assert Batches().fill(shard(0), 9, taking(tasks)) == ([shard(0), shard(1), shard(2)], stranger)
        assert list(tasks) == [shard(4)]
    tasks = deque([shard(1), shard(2)])
    assert Batches().fill(shard(0), 2, taking(tasks)) == ([shard(0), shard(1)], None)
    assert Batches().fill(shard(0), 9, taking(tasks)) == ([shard(0), shard(2)], None)


def test_what_failed_in_company_runs_alone() -> None:
    batches = Batches()
    batches.learn(shard(0), 1.0)
    batches.part([shard(1), shard(2)])
    assert batches.size(shard(1), 1000, 1) == 1
    assert batches.fill(shard(3), 9, taking(deque([shard(4), shard(2)]))) == ([shard(3), shard(4)], shard(2))
