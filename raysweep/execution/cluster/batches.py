"""Several shards of a model in one task, where each task has a process of its own, whose start takes seconds."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from raysweep.execution.tasks import MeasureTask, Task, task_name

SECONDS = 30.0
"""Seconds of work in one task, which bounds the cost of a lost process and the delay of its progress."""


@dataclass
class Batches:
    """How many shards go into a task, by the time that such shards took before."""

    _seconds: dict[str, float] = field(default_factory=dict)
    """Seconds that the last shard of a measure of an arm took."""
    _singly: set[str] = field(default_factory=set)
    """Names of tasks that have failed, or shared a batch with one that did."""

    def learn(self, task: Task, seconds: float) -> None:
        """Takes note of how long a task took."""
        if isinstance(task, MeasureTask):
            self._seconds[task.kind] = seconds

    def part(self, tasks: Sequence[Task]) -> None:
        """Makes each of these run alone from now on, so that one failure does not spoil the others."""
        self._singly.update(task_name(task) for task in tasks)

    def size(self, task: Task, ready: int, slots: float) -> int:
        """How many shards to run in one task, of which `task` is the first.

        Args:
            task: the first one.
            ready: how many tasks could start now: with few, each of the slots gets some.
            slots: how many such tasks the cluster runs at a time.
        """
        if not isinstance(task, MeasureTask) or task_name(task) in self._singly or task.kind not in self._seconds:
            return 1
        fits = SECONDS / max(self._seconds[task.kind], 1e-3)
        return max(1, int(min(fits, ready / max(slots, 1.0))))

    def fill(self, task: Task, size: int, following: Callable[[], Task | None]) -> tuple[list[Task], Task | None]:
        """A batch of at most `size` shards, `task` and those that follow it; and the task that did not fit in."""
        batch = [task]
        while len(batch) < size and (other := following()) is not None:
            if not self._go_together(task, other):
                return batch, other
            batch.append(other)
        return batch, None

    def _go_together(self, one: Task, other: Task) -> bool:
        """Whether they are shards of one measure of one trial, and none must run alone."""
        return (
            isinstance(one, MeasureTask)
            and isinstance(other, MeasureTask)
            and (one.key, one.trial.id) == (other.key, other.trial.id)
            and task_name(other) not in self._singly
        )
