"""What is recorded of a trial, and of the work that it took."""

import contextlib
import os
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

from raysweep.results.names import TRIALS


@dataclass(frozen=True)
class Work:
    """Where and when a piece of work ran; kept apart from its result."""

    node: str
    process: int
    started: float
    wall: float
    cpu: float


@dataclass
class Stopwatch:
    """Measures a piece of work in this process, across interruptions if it is given what was spent before."""

    started: float
    wall: float = 0.0
    cpu: float = 0.0

    @classmethod
    def start(cls) -> "Stopwatch":
        """A stopwatch that starts now, with nothing spent."""
        return cls(time.time())

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Adds the time spent inside."""
        wall, cpu = time.perf_counter(), time.process_time()
        try:
            yield
        finally:
            self.wall += time.perf_counter() - wall
            self.cpu += time.process_time() - cpu

    def work(self) -> Work:
        """The work so far, as done by this process on this node."""
        return Work(socket.gethostname(), os.getpid(), self.started, self.wall, self.cpu)


@dataclass(frozen=True)
class TrialRecord:
    """How a trial ended: `status` is finished, diverged or pruned."""

    status: str
    reason: str
    steps: int
    parameters: int


def _pruned_file(trial_id: str, limits_key: str) -> str:
    return trial_file(trial_id, f"pruned-{limits_key}.json")


def trial_file(trial_id: str, name: str) -> str:
    """Name of a file of a trial."""
    return f"{TRIALS}/{trial_id}/{name}"


def _record(done: dict[str, object]) -> TrialRecord:
    return TrialRecord(**cast("dict[str, object]", done["record"]))  # type: ignore[arg-type]
