"""What a run prints: a line per phase with its progress and the time that remains.

On a terminal the line is redrawn in place; elsewhere (a log file, CI) a new one is printed now and then.
"""

from collections.abc import Mapping
from time import monotonic

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn, TimeElapsedColumn
from rich.text import Text

LOG_SECONDS = 15.0
"""Time between two lines where no line can be redrawn."""
ALMOST = 0.99
"""What is shown while anything is left to do."""
TITLES = {"train": "Training", "prepare": "Preparing", "measure": "Measuring"}
NOUNS = {"train": "trials", "prepare": "references", "measure": "shards"}


class ConsoleProgress:
    """Progress of the phases of a run, weighted by the operations that each piece of work is estimated to take."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._bar: Progress | None = None

    def start(self, phase: str, total: Mapping[str, float], already: int) -> None:
        """See `raysweep.pipeline.Progress`."""
        self._phase = phase
        self._weights = dict(total)
        self._shares = dict.fromkeys(total, 0.0)
        self._started = self._printed = monotonic()
        if already:
            self.console.print(f"{TITLES[phase]}: {already} {NOUNS[phase]} were done before, {len(total)} to do")
        if self.console.is_terminal:
            columns = (
                TextColumn("{task.description}"),
                BarColumn(40),
                TextColumn("{task.percentage:3.0f} %"),
                TextColumn("{task.fields[count]}"),
                TimeElapsedColumn(),
                _Remaining(),
            )
            self._bar = Progress(*columns, console=self.console)
            self._line = self._bar.add_task(TITLES[phase], total=1.0, count=self._count())
            self._bar.start()

    def advance(self, name: str, share: float) -> None:
        """See `raysweep.pipeline.Progress`."""
        self._shares[name] = max(share, self._shares[name])
        if self._bar is not None:
            self._bar.update(self._line, completed=self._done(), count=self._count())
        elif monotonic() - self._printed >= LOG_SECONDS:
            self._printed = monotonic()
            left = remaining(self._done(), monotonic() - self._started)
            self.console.print(f"{TITLES[self._phase]}: {self._done():4.0%}  {self._count()}  {left}")

    def finish(self) -> None:
        """See `raysweep.pipeline.Progress`."""
        if self._bar is not None:
            self._bar.update(self._line, completed=self._done(), count=self._count())
            self._bar.stop()
            self._bar = None
        else:
            took = duration(monotonic() - self._started)
            self.console.print(f"{TITLES[self._phase]}: {self._count()} in {took}")

    def close(self) -> None:
        """Ends a line that is still redrawn, where a phase was interrupted, and gives the cursor back."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def _done(self) -> float:
        whole = sum(self._weights.values())
        done = sum(self._weights[name] * share for name, share in self._shares.items()) / whole if whole else 1.0
        return done if all(share >= 1.0 for share in self._shares.values()) else min(done, ALMOST)

    def _count(self) -> str:
        ended = sum(share >= 1.0 for share in self._shares.values())
        return f"{ended}/{len(self._shares)} {NOUNS[self._phase]}"


class _Remaining(ProgressColumn):
    """Time that remains at the mean speed so far."""

    def render(self, task: Task) -> Text:
        return Text(remaining(task.completed / (task.total or 1.0), task.elapsed or 0.0))


def remaining(done: float, elapsed: float) -> str:
    """The time that remains at the mean speed so far, in words; nothing until 1 % is done."""
    return f"{duration(elapsed * (1 - done) / done)} left" if done >= 0.01 else ""


def duration(seconds: float) -> str:
    """Seconds in hours, minutes and seconds: 1:02:03, or 2:03."""
    hours, rest = divmod(round(seconds), 3600)
    minutes, rest = divmod(rest, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
