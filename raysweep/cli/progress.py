"""Prints how far a run is, what runs where, and the time that remains.

On a terminal two lines are redrawn in place; in a log file a line with the time is printed now and then.
"""

from collections import Counter, deque
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from time import monotonic

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text
from typing_extensions import override

from raysweep.cli.durations import clock, roughly
from raysweep.execution.agenda import Kind, Piece
from raysweep.execution.pipeline import Progress
from raysweep.execution.remaining import Left, Remaining, keep_rates, load_rates

LOG_LEAST, LOG_SHARE, LOG_MOST = 15.0, 1 / 40, 300.0
"""Time between two lines of a log: this share of the time so far, within these limits."""
REFRESH_SECONDS, REFRESH_SHARE = 1.0, 0.02
"""The time left is estimated anew after this many seconds, and so rarely that it takes at most this share of the
time."""
RECENT_SECONDS = 30.0
"""Shards that ended within this time are shown as what the nodes are doing."""
ALMOST = 0.99
"""The largest share that is shown while any work is left."""
CERTAIN, UNKNOWN = 1.4, 3.0
"""The time left is given as one number if its range is within the first factor of it, and not at all if its range
exceeds the second factor."""
NODES_NAMED = 4
"""More nodes than these are counted instead of named."""
NOUNS: dict[Kind, str] = {"train": "trials", "prepare": "references", "measure": "shards"}


class ConsoleProgress(Progress):
    """Progress of a run: the estimated share of its time that has passed."""

    def __init__(self, console: Console, rates: Path | None = None) -> None:
        self.console = console
        self.rates = rates
        """The file of the rates of earlier runs, to which this run's rates are added."""
        self._live: Live | None = None
        self._remaining = Remaining()

    @override
    def start(self, pieces: Mapping[str, Piece], already: Mapping[Kind, int], more: float = 0.0) -> None:
        self._remaining = Remaining(load_rates(self.rates) if self.rates else {})
        self._kinds: dict[str, Kind] = {}
        self._all: Counter[Kind] = Counter()
        self._ended: Counter[Kind] = Counter()
        self._running: dict[str, str] = {}
        self._recent: deque[tuple[float, Kind, str]] = deque()
        self._done: set[str] = set()
        self._left: Left | None = None
        self._estimated = self._next_estimate = 0.0
        self.grow(pieces, more)
        self._started = self._printed = monotonic()
        for kind, noun in NOUNS.items():
            if count := already.get(kind):
                done = f"1 {noun.removesuffix('s')} was" if count == 1 else f"{count} {noun} were"
                self._print(f"{done} done before, {self._all[kind]} to do")
        if self.console.is_terminal:
            self._live = Live(get_renderable=self._lines, console=self.console, refresh_per_second=4)
            self._live.start()

    @override
    def grow(self, pieces: Mapping[str, Piece], more: float) -> None:
        self._remaining.add(pieces, more)
        for name, piece in pieces.items():
            self._kinds[name] = piece.kind
            self._all[piece.kind] += 1

    @override
    def note(self, text: str) -> None:
        self._print(text)

    @override
    def advance(self, name: str, share: float, node: str, seconds: float) -> None:
        now, kind = monotonic(), self._kinds[name]
        self._remaining.advance(name, share, seconds, now)
        if share < 1.0:
            self._running |= {name: node} if kind == "train" else {}
        elif name not in self._done:
            self._done.add(name)
            self._ended[kind] += 1
            self._running.pop(name, None)
            self._recent.append((now, kind, node))
        if now >= self._next_estimate:
            self._estimate()
        pause = min(max(LOG_LEAST, LOG_SHARE * (now - self._started)), LOG_MOST)
        if self._live is None and now - self._printed >= pause:
            self._printed = now
            self._print("; ".join(filter(None, [self._share_words(), self._left_words(), self._counts(), self._now()])))

    @override
    def finish(self) -> None:
        self.close()
        self._print(f"{self._counts()}; in {clock(monotonic() - self._started)}")

    def close(self) -> None:
        """Ends the redrawn lines if the work was interrupted, and shows the cursor again."""
        if self._live is not None:
            self._live.stop()
            self._live = None
        if self.rates and (rates := self._remaining.rates()):
            keep_rates(self.rates, rates)

    def _print(self, text: str) -> None:
        """Prints a line, with the time if it goes into a log."""
        time = "" if self.console.is_terminal else f"{datetime.now():%H:%M:%S}  "
        self.console.print(f"{time}{text}", markup=False, soft_wrap=True)

    def _estimate(self) -> None:
        began = monotonic()
        self._left, self._estimated = self._remaining.left(), began
        now = monotonic()
        self._next_estimate = now + max(REFRESH_SECONDS, (now - began) / REFRESH_SHARE)

    def _left_now(self) -> Left | None:
        """The time left in words, if enough is known."""
        left = self._left
        return left.after(monotonic() - self._estimated) if left and left.factor <= UNKNOWN else None

    def _share(self) -> float | None:
        """How much of the time has passed."""
        left, passed = self._left_now(), monotonic() - self._started
        return min(passed / (passed + left.seconds), ALMOST) if left else None

    def _share_words(self) -> str:
        share = self._share()
        return "" if share is None else f"{share:.0%}"

    def _left_words(self) -> str:
        left = self._left_now()
        if left is None:
            return "the time left is not known yet"
        if left.factor <= CERTAIN:
            return f"about {roughly(left.seconds)} left"
        least, most = roughly(left.seconds / left.factor), roughly(left.seconds * left.factor)
        amount, unit = least.split()
        return f"{amount if most.endswith(unit) else least} to {most} left"

    def _counts(self) -> str:
        return ", ".join(
            f"{self._ended[kind]}/{self._all[kind]} {noun}" for kind, noun in NOUNS.items() if self._all[kind]
        )

    def _now(self) -> str:
        """Says what runs where: trials by their last reports, shards by those that just ended."""
        while self._recent and self._recent[0][0] < monotonic() - RECENT_SECONDS:
            self._recent.popleft()
        shards = [node for _, kind, node in tuple(self._recent) if kind == "measure"]
        parts = []
        if self._running:
            count = len(self._running)
            trains = "1 trial trains" if count == 1 else f"{count} trials train"
            parts.append(f"{trains}{_on(self._running.values())}")
        if shards:
            ended = "1 shard" if len(shards) == 1 else f"{len(shards)} shards"
            parts.append(f"{ended} in {RECENT_SECONDS:.0f} s{_on(shards)}")
        return "; ".join(parts)

    def _lines(self) -> RenderableType:
        bar = ProgressBar(total=1.0, completed=self._share() or 0.0, width=40)
        passed = f"{clock(monotonic() - self._started)} so far"
        first = Table.grid(padding=(0, 2))
        first.add_row(bar, self._share_words(), f"{passed}, {self._left_words()}")
        second = "; ".join(filter(None, [self._counts(), self._now()]))
        return Group(first, Text(second, style="dim"))


def _on(nodes: Iterable[str]) -> str:
    """Names of nodes, where there are several."""
    names = sorted(set(nodes))
    if len(names) < 2:
        return ""
    return f" on {', '.join(names)}" if len(names) <= NODES_NAMED else f" on {len(names)} nodes"
