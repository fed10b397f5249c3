"""What a run prints: how far training and measuring are, what runs where, and the time that remains.

On a terminal the lines are redrawn in place; elsewhere (a log file, CI) a new one is printed now and then.
"""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from time import monotonic

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text
from typing_extensions import override

from raysweep.execution.agenda import Kind, Piece
from raysweep.execution.pipeline import Progress

LOG_SECONDS = 15.0
"""Time between two lines where no line can be redrawn."""
RECENT_SECONDS = 30.0
"""Shards that ended within this time say what the nodes are doing."""
ALMOST = 0.99
"""What is shown while anything is left to do."""
NODES_NAMED = 4
"""More nodes than these are counted instead."""
TITLES: dict[Kind, str] = {"train": "Training", "prepare": "Preparing", "measure": "Measuring"}
NOUNS: dict[Kind, str] = {"train": "trials", "prepare": "references", "measure": "shards"}


@dataclass
class _Tally:
    """How far the work of one kind is."""

    pieces: int = 0
    ended: int = 0
    weight: float = 0.0
    done: float = 0.0
    """Weight that is done."""
    seconds: float = 0.0
    """Time that the workers spent on it, summed over them."""

    @property
    def share(self) -> float:
        share = self.done / self.weight if self.weight else 1.0
        return 1.0 if self.ended == self.pieces else min(share, ALMOST)


class ConsoleProgress(Progress):
    """Progress of a run, weighted by the operations that each piece of work is estimated to take."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._live: Live | None = None

    @override
    def start(self, pieces: Mapping[str, Piece], already: Mapping[Kind, int], more: bool = False) -> None:
        self._pieces: dict[str, Piece] = {}
        self._told: dict[str, tuple[float, float]] = {}
        self._running: dict[str, str] = {}
        self._recent: deque[tuple[float, str, str]] = deque()
        self._tallies = {kind: _Tally() for kind in TITLES if any(piece.kind == kind for piece in pieces.values())}
        self.grow(pieces, more)
        self._started = self._printed = monotonic()
        for kind, tally in self._tallies.items():
            if already.get(kind):
                one, count = NOUNS[kind].removesuffix("s"), already[kind]
                done = f"1 {one} was" if count == 1 else f"{count} {NOUNS[kind]} were"
                self.console.print(f"{TITLES[kind]}: {done} done before, {tally.pieces} to do")
        if self.console.is_terminal:
            self._live = Live(get_renderable=self._lines, console=self.console, refresh_per_second=4)
            self._live.start()

    @override
    def grow(self, pieces: Mapping[str, Piece], more: bool) -> None:
        self._more = more
        self._pieces.update(pieces)
        for piece in pieces.values():
            tally = self._tallies.setdefault(piece.kind, _Tally())
            tally.pieces += 1
            tally.weight += piece.weight

    @override
    def note(self, text: str) -> None:
        self.console.print(text, markup=False, soft_wrap=True)

    @override
    def advance(self, name: str, share: float, node: str, seconds: float) -> None:
        piece = self._pieces[name]
        tally = self._tallies[piece.kind]
        before, spent = self._told.get(name, (0.0, 0.0))
        if before < 1.0:
            share = max(share, before)
            tally.done += piece.weight * (share - before)
            tally.seconds += max(seconds - spent, 0.0)
            tally.ended += share >= 1.0
            self._told[name] = (share, seconds)
        if share < 1.0:
            self._running[name] = node
        else:
            self._running.pop(name, None)
            self._recent.append((monotonic(), piece.kind, node))
        if self._live is None and monotonic() - self._printed >= LOG_SECONDS:
            self._printed = monotonic()
            parts = [f"{TITLES[kind]} {tally.share:.0%}, {_count(kind, tally)}" for kind, tally in self._open()]
            self.console.print("; ".join([*parts, *filter(None, [self._now(), self._left()])]), soft_wrap=True)

    @override
    def finish(self) -> None:
        if self._live is not None:
            self.close()
        took = duration(monotonic() - self._started)
        parts = [f"{TITLES[kind]}: {_count(kind, tally)}" for kind, tally in self._tallies.items()]
        self.console.print(f"{'; '.join(parts)}; in {took}", soft_wrap=True)

    def close(self) -> None:
        """Ends lines that are still redrawn, where the work was interrupted, and gives the cursor back."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _open(self) -> Iterable[tuple[Kind, _Tally]]:
        """The kinds of which something is left; all of them when nothing is."""
        left = [(kind, tally) for kind, tally in self._tallies.items() if tally.ended < tally.pieces]
        return left or list(self._tallies.items())

    def _now(self) -> str:
        """What runs where: trials by what they last reported, shards by those that just ended."""
        while self._recent and self._recent[0][0] < monotonic() - RECENT_SECONDS:
            self._recent.popleft()
        shards = [node for _, kind, node in self._recent if kind == "measure"]
        parts = []
        if self._running:
            count = len(self._running)
            trains = "1 trial trains" if count == 1 else f"{count} trials train"
            parts.append(f"{trains}{_on(self._running.values())}")
        if shards:
            ended = "1 shard" if len(shards) == 1 else f"{len(shards)} shards"
            parts.append(f"{ended} in {RECENT_SECONDS:.0f} s{_on(shards)}")
        return "; ".join(parts)

    def _left(self) -> str:
        """The time that remains, from the speed of each kind of work so far and the workers that were busy.

        A kind of which nothing is done yet may be many times faster or slower, so nothing is said of it: nothing at all
        where no other is left, nor while more work will come.
        """
        if self._more:
            return ""
        known = [tally for tally in self._tallies.values() if tally.share >= 0.01 and tally.seconds]
        spent = sum(tally.seconds for tally in known)
        if not spent:
            return ""
        workers = spent / (monotonic() - self._started)
        open_ones = [tally for tally in known if tally.ended < tally.pieces]
        if not open_ones:
            return ""
        needed = sum((tally.weight - tally.done) * tally.seconds / tally.done for tally in open_ones)
        least = "" if len(known) == len(self._tallies) else "at least "
        return f"{least}{duration(needed / workers)} left"

    def _lines(self) -> RenderableType:
        table = Table.grid(padding=(0, 2))
        for kind, tally in self._tallies.items():
            bar = ProgressBar(total=1.0, completed=tally.share, width=40)
            table.add_row(TITLES[kind], bar, f"{tally.share:4.0%}", _count(kind, tally))
        elapsed = f"{duration(monotonic() - self._started)} so far"
        return Group(table, Text("; ".join(filter(None, [elapsed, self._left(), self._now()])), style="dim"))


def _count(kind: Kind, tally: _Tally) -> str:
    return f"{tally.ended}/{tally.pieces} {NOUNS[kind]}"


def _on(nodes: Iterable[str]) -> str:
    """Names of nodes, where there are several."""
    names = sorted(set(nodes))
    if len(names) < 2:
        return ""
    return f" on {', '.join(names)}" if len(names) <= NODES_NAMED else f" on {len(names)} nodes"


def duration(seconds: float) -> str:
    """Seconds in hours, minutes and seconds: 1:02:03, or 2:03."""
    hours, rest = divmod(round(seconds), 3600)
    minutes, rest = divmod(rest, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
