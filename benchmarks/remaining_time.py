"""How far the time that a run says is left is from the time that is.

    python benchmarks/remaining_time.py benchmarks/recordings/* results/mnist_reduced
    python benchmarks/remaining_time.py --run mnist --reduced --serial

The first form replays runs of the past: a results folder holds what each piece of work took, and its study, from which
the agenda is made anew. The pieces are done in the agenda's order by one worker after the other, and by two and eight
at a time, with the wall times that were recorded and with the processor times, which are those of a quiet machine. Each
replay is done without and with the rates of an earlier run, which are those of the other times. The second form runs a
study with the options that follow, as `raysweep` does, in a temporary folder and with no rates of earlier runs, and
watches it.

What is compared is the time left that was estimated, each second, with the true one, as a factor: from a third of the
time on, until 5 % of it or 10 seconds are left, whichever is longer. While too little is known, a run says nothing of
the time left; that counts as infinitely wrong.
"""

import argparse
import contextlib
import heapq
import math
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

import numpy as np
from typing_extensions import override

import raysweep.cli.progress
from raysweep import run
from raysweep.cli.progress import UNKNOWN, ConsoleProgress
from raysweep.execution.agenda import Agenda, make_agenda
from raysweep.execution.plan import make_plan
from raysweep.execution.remaining import Groups, Left, Remaining
from raysweep.execution.tasks import MeasureTask, PrepareTask, Task, TrainTask, Workplace, task_name
from raysweep.results.store import StudyStore

FROM = 1 / 3
"""The share of the time from which on estimates count."""
LAST_SHARE, LAST_SECONDS = 0.05, 10.0
"""Of what is left at the end, this much does not count."""
PREPARING = 0.1
"""Seconds that statistics of real images take, which no schedule records."""
TRAINING_TELLS = 3.0
"""A training tells every so many seconds how far it is."""

Seconds = Mapping[tuple[str, str, str], float]
"""What pieces took: by work, trial (without the hash of its settings, which may have got new fields) and shard."""


@dataclass(frozen=True)
class Told:
    """What is told of a piece of work, and when."""

    now: float
    name: str
    share: float
    seconds: float


@dataclass(frozen=True)
class Error:
    """How wrong the estimates of a run were."""

    seconds: float
    """The time that the run took."""
    worst: float
    """The largest factor between an estimate and the truth."""
    within: float
    """The share of estimates that are wrong by a factor of at most 1.5."""


def read_recording(folder: Path, times: str = "wall") -> tuple[Callable[[], Agenda], Seconds]:
    """The agenda of a run of the past, made as often as it is wanted, and what its pieces took.

    Args:
        folder: a results folder; of its files only the study, the facts of its data and the schedule are read.
        times: "wall" or "cpu".
    """
    store = StudyStore(folder)
    plan = make_plan(store.load_study(), store.load_facts(), None)
    nowhere = Workplace(folder / "nowhere", folder / "nowhere")
    seconds = {
        (str(work), _without_hash(str(trial)), str(shard)): float(taken)
        for work, trial, shard, taken in store.table("schedule")[["work", "trial", "shard", times]].itertuples(
            index=False
        )
    }
    return lambda: make_agenda(plan, nowhere, ("train", "measure")), seconds


def _without_hash(trial_id: str) -> str:
    return trial_id.rpartition("-")[0]


def taken(task: Task, seconds: Seconds) -> float:
    """What a task took."""
    if isinstance(task, PrepareTask):
        return PREPARING
    measure, shard = (task.measure.name, task.shard.key) if isinstance(task, MeasureTask) else ("train", "")
    return seconds[measure, _without_hash(task.trial.id), shard]


def replay(
    agenda: Agenda, seconds: Seconds, workers: int, load: Callable[[float], float] = lambda now: 1.0
) -> list[Told]:
    """What is told while so many workers do the agenda's work in its order.

    One worker tells of each piece when it begins, as a run in one process does.

    Args:
        agenda: the work, of which nothing is done.
        seconds: what each piece takes.
        workers: how many pieces are done at a time.
        load: by how much longer a piece takes that begins at some time.
    """
    told: list[Told] = []
    running: list[tuple[float, str]] = []
    tasks: dict[str, tuple[Task, float]] = {}
    now = 0.0
    while True:
        while len(running) < workers and (task := agenda.take_next()) is not None:
            name, takes = task_name(task), taken(task, seconds) * load(now)
            heapq.heappush(running, (now + takes, name))
            tasks[name] = task, takes
            told += [Told(now, name, 0.0, 0.0)] if workers == 1 else []
            if isinstance(task, TrainTask):
                spent = np.arange(TRAINING_TELLS, takes, TRAINING_TELLS)
                told += [Told(now + each, name, each / takes, each) for each in spent.tolist()]
        if not running:
            return sorted(told, key=lambda each: each.now)
        now, name = heapq.heappop(running)
        told.append(Told(now, name, 1.0, tasks[name][1]))
        agenda.succeed(name)


def estimates(agenda: Agenda, told: list[Told], earlier: Mapping[Groups, float]) -> Iterator[tuple[float, float]]:
    """Each second, the time and the time that is said to be left; infinite while none is said."""
    remaining = Remaining(earlier)
    remaining.add(agenda.pieces)
    last, end, following = 0.0, told[-1].now, iter(told)
    upcoming = next(following, None)
    left: Left | None = None
    for now in np.arange(0.0, end, 1.0).tolist():
        before = last
        while upcoming is not None and upcoming.now <= now:
            remaining.advance(upcoming.name, upcoming.share, upcoming.seconds, upcoming.now)
            last, upcoming = upcoming.now, next(following, None)
        if last > before or left is None:
            left = remaining.left()
        yield now, left.after(now - last).seconds if left and left.factor <= UNKNOWN else math.inf


def error(said: list[tuple[float, float]], end: float) -> Error:
    """How wrong the time left was that was said at some times, of a run that took until `end`."""
    last = max(LAST_SECONDS, LAST_SHARE * end)
    factors = [max(left / (end - now), (end - now) / left) for now, left in said if end * FROM <= now <= end - last]
    if not factors:
        return Error(end, 1.0, 1.0)
    return Error(end, max(factors), float(np.mean(np.array(factors) <= 1.5)))


def rates(agenda: Agenda, told: list[Told]) -> dict[Groups, float]:
    """The rates that a run leaves for later ones."""
    remaining = Remaining()
    remaining.add(agenda.pieces)
    for each in told:
        remaining.advance(each.name, each.share, each.seconds, each.now)
    return remaining.rates()


def replay_all(folder: Path) -> None:
    """Prints how wrong the estimates are in replays of a run."""
    for times, other in (("wall", "cpu"), ("cpu", "wall")):
        make, seconds = read_recording(folder, times)
        make_earlier, earlier_seconds = read_recording(folder, other)
        earlier = rates(make_earlier(), replay(make_earlier(), earlier_seconds, workers=2))
        for workers in (1, 2, 8):
            told = replay(make(), seconds, workers)
            words = f"{folder.name}, {times} times, {workers} at a time"
            for what, known in (("first run", {}), ("later run", earlier)):
                _print(f"{words}, {what}", error(list(estimates(make(), told, known)), told[-1].now))


class Watched(ConsoleProgress):
    """Prints as it does in a run, and tells at the end how wrong it was."""

    @override
    def start(self, *arguments: object, **options: object) -> None:  # type: ignore[override]
        self._said: list[tuple[float, float]] = []
        super().start(*arguments, **options)  # type: ignore[arg-type]

    @override
    def advance(self, name: str, share: float, node: str, seconds: float) -> None:
        super().advance(name, share, node, seconds)
        left = self._left_now()
        self._said.append((monotonic() - self._started, left.seconds if left else math.inf))

    @override
    def finish(self) -> None:
        super().finish()
        _print("this run", error(self._said, monotonic() - self._started))


def _print(words: str, found: Error) -> None:
    print(
        f"{words:64} {found.seconds:7.0f} s; worst factor {found.worst:5.2f}; {found.within:4.0%} within 1.5",
        flush=True,
    )


def main() -> None:
    """Replays runs, or runs a study."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="*", type=Path, help="results folders")
    parser.add_argument("--run", nargs=argparse.REMAINDER, help="what follows is given to raysweep")
    options = parser.parse_args()
    for folder in options.folders:
        replay_all(folder)
    if options.run:
        raysweep.cli.progress.ConsoleProgress = Watched  # type: ignore[misc]
        with tempfile.TemporaryDirectory() as results, tempfile.TemporaryDirectory() as cache:
            os.environ["RAYSWEEP_CACHE"] = cache
            with contextlib.suppress(SystemExit):
                sys.exit(run.main([*options.run, "--only", "train,measure", "--results", results]))


if __name__ == "__main__":
    main()
