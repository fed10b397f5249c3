"""Estimates how long the rest of a run takes from what its pieces of work have taken so far. No torch, no Ray, no
clock.

A piece takes its operations times a rate, in seconds per operation, which differs a hundredfold between kinds of work.
The logarithm of the rate is modelled as a sum of effects: of the run, the kind of work, its settings, the model family,
dim(z), the arm and its point (`Piece.groups`), each normally distributed about 0. Each timed piece observes such a sum
with some noise, so a linear regression gives all effects and their uncertainty; work that was never timed counts as the
work that is most similar to it. Rates of earlier runs are observations of less weight: they do not say how fast this
run is as a whole.
"""

import contextlib
import json
import math
import os
from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, diags_array
from scipy.sparse.linalg import splu

from raysweep.execution.agenda import Piece

OVERHEAD = 2e9
"""The fixed cost of every piece, as operations."""
RATE = 2e-11
"""Seconds per operation where nothing is known: those of one core, roughly."""
SPREADS = (1.5, 0.7, 0.5, 0.25, 0.25, 0.25)
"""Standard deviations of the effects of a kind of work, its settings, the family, dim(z), the arm and the point. That
of dim(z) is within a family; dim(z) also has an effect that families share, with the standard deviation of families."""
RUN_SPREAD, RUN_SPREAD_KNOWN = 1.5, 1.0
"""Standard deviations of the effect of the run, without and with rates of earlier runs."""
RUN_SPREAD_OF_KINDS = 0.6
"""Standard deviation of how a kind of work differs in this run from the run as a whole."""
NOISE, DRIFT, EARLIER = 0.25, 0.1, 0.6
"""Standard deviations of the observed logarithm of a rate: from one piece, many pieces, an earlier run."""
TIMED = 10.0
"""A training that has run for this many seconds says as much about its rate as a piece that has ended."""
WINDOW = 60.0
"""The number of busy workers is averaged over this many seconds, or over a third of the run if that is longer."""
DOUBT = 0.1
"""Least standard deviation of the logarithm of the time left: other work on the machines comes and goes."""
RATES_FILE = "rates.json"
"""Name of the file of rates of earlier runs on a machine."""
KEPT = 2_000
"""How many rates are kept for later runs."""

Groups = tuple[str, ...]


@dataclass(frozen=True)
class Left:
    """The time that is left."""

    seconds: float
    """As expected."""
    factor: float
    """The truth is less than this factor away two times out of three."""

    def after(self, seconds: float) -> "Left":
        """The time left after `seconds` without a report. Overdue work takes a while longer."""
        return Left(max(self.seconds - seconds, seconds / 5), self.factor)


@dataclass
class _Alike:
    """Pieces that belong to the same groups; work is counted in operations."""

    waiting: int = 0
    """The number of pieces that have reported nothing yet."""
    untouched: float = 0.0
    """Their work."""
    largest: float = 0.0
    """The work of the largest piece, done or not."""
    running: dict[str, float] = field(default_factory=dict)
    """The work that is left of pieces that are partly done."""
    done: float = 0.0
    """The work that is done."""
    seconds: float = 0.0
    """The time that it took."""
    pieces: float = 0.0
    """The number of pieces that were timed."""

    @property
    def left(self) -> float:
        return self.untouched + sum(self.running.values())

    @property
    def longest(self) -> float:
        """The work of the largest piece that is left."""
        return max([self.largest if self.waiting else 0.0, *self.running.values()])


class Remaining:
    """The reports of a run on its pieces of work, and the time left that they imply."""

    def __init__(self, earlier: Mapping[Groups, float] | None = None) -> None:
        self.earlier = earlier or {}
        """Seconds per operation of earlier runs."""
        self._alike: dict[Groups, _Alike] = {}
        self._pieces: dict[str, Piece] = {}
        self._told: dict[str, tuple[float, float]] = {}
        self._more = 0.0
        self._busy = 0.0
        """Seconds that the workers have worked, summed over them."""
        self._course: deque[tuple[float, float]] = deque()
        """Times, and how long the workers had worked by then."""
        self._began = self._last = 0.0

    def add(self, pieces: Mapping[str, Piece], more: float = 0.0) -> None:
        """Adds work. `more` times as much as there is now will come later."""
        self._more = more
        self._pieces.update(pieces)
        for piece in pieces.values():
            alike, work = self._alike.setdefault(piece.groups, _Alike()), _work(piece)
            alike.waiting += 1
            alike.untouched += work
            alike.largest = max(alike.largest, work)

    def advance(self, name: str, share: float, seconds: float, now: float) -> None:
        """A piece is done to `share`, for which it has run for `seconds`."""
        piece = self._pieces[name]
        alike, work = self._alike[piece.groups], _work(piece)
        before, spent = self._told.get(name, (0.0, 0.0))
        if before >= 1.0:
            return
        if name not in self._told:
            alike.waiting -= 1
            alike.untouched -= work
        if not self._course:
            self._began = self._last = now - seconds
        self._note_course(now)
        share, seconds = max(share, before), max(seconds, spent)
        alike.done += (share - before) * work
        alike.seconds += seconds - spent
        alike.pieces += max(share - before, min(1.0, (seconds - spent) / TIMED)) if share else 0.0
        alike.running.pop(name, None)
        if share < 1.0:
            alike.running[name] = (1.0 - share) * work
        self._told[name] = share, seconds
        self._busy += seconds - spent
        self._last = now

    def _note_course(self, now: float) -> None:
        """Notes how long the workers had worked before this report, and forgets old notes."""
        window = max(WINDOW, (now - self._began) / 3)
        if not self._course or (now > self._last >= self._course[-1][0] + window / 100):
            self._course.append((self._last, self._busy))
        while len(self._course) > 1 and now - self._course[1][0] >= window:
            self._course.popleft()

    @property
    def workers(self) -> float:
        """How many workers were busy lately, on average."""
        since, busy = self._course[0]
        return max((self._busy - busy) / (self._last - since), 0.1) if self._last > since else 1.0

    def left(self) -> Left | None:
        """The time left after the last report; None before the first report, and when nothing is left."""
        alike = list(self._alike.values())
        amounts = np.array([each.left for each in alike])
        if not self._course or not amounts.any():
            return None
        run_spread = RUN_SPREAD_KNOWN if self.earlier else RUN_SPREAD
        rates, deviation = _estimate(self._observed(), list(self._alike), amounts, run_spread)
        work = float(rates @ amounts)
        work += self._more * (work + self._busy)
        seconds = max(work / self.workers, self._longest(rates))
        return Left(seconds, math.exp(math.hypot(deviation, DOUBT)))

    def _longest(self, rates: NDArray[np.float64]) -> float:
        """The longest work that workers cannot share: the training of a model and then a piece of a measure."""
        training: dict[Groups, float] = defaultdict(float)
        measuring: dict[Groups, float] = defaultdict(float)
        for (groups, each), rate in zip(self._alike.items(), rates.tolist(), strict=True):
            work = training if groups[0] == "train" else measuring
            work[groups[2:]] = max(work[groups[2:]], rate * each.longest)
        return max(training[model] + measuring[model] for model in {**training, **measuring})

    def _observed(self) -> "list[_Observed]":
        kinds = {groups[0] for groups in self._alike}
        return [
            *(
                _Observed(groups, each.seconds / each.done, NOISE**2 / each.pieces + DRIFT**2)
                for groups, each in self._alike.items()
                if each.seconds and each.done
            ),
            *(
                _Observed(groups, rate, EARLIER**2, earlier=True)
                for groups, rate in self.earlier.items()
                if groups[0] in kinds
            ),
        ]

    def rates(self) -> dict[Groups, float]:
        """Seconds per operation by groups, of work that was timed in this run."""
        return {groups: each.seconds / each.done for groups, each in self._alike.items() if each.seconds and each.done}


def _work(piece: Piece) -> float:
    return piece.flop + OVERHEAD


@dataclass(frozen=True)
class _Observed:
    groups: Groups
    rate: float
    variance: float
    """Of its logarithm."""
    earlier: bool = False
    """Whether it is of an earlier run."""


def _effects(groups: Groups) -> list[tuple[Groups, float]]:
    """The effects on work of these groups that are not the run's, each with its standard deviation."""
    nested = [(groups[: depth + 1], SPREADS[depth]) for depth in range(len(groups))]
    shared = [((*groups[:2], "any family", groups[3]), SPREADS[2])] if len(groups) > 3 else []
    return nested + shared


def _estimate(
    observed: Sequence[_Observed], wanted: Sequence[Groups], amounts: NDArray[np.float64], run_spread: float
) -> tuple[NDArray[np.float64], float]:
    """Rates of work of the groups `wanted`, from observed rates.

    Returns:
        Seconds per operation of each, and the standard deviation of the logarithm of the time that `amounts` of
        operations take.
    """
    index: dict[Groups, int] = {}
    spreads: list[float] = []

    def row(groups: Groups, earlier: bool = False) -> list[int]:
        columns = []
        of_this_run = [] if earlier else [((), run_spread), (("this run", groups[0]), RUN_SPREAD_OF_KINDS)]
        for effect, spread in of_this_run + _effects(groups):
            if effect not in index:
                index[effect] = len(spreads)
                spreads.append(spread)
            columns.append(index[effect])
        return columns

    rows, seen_rows = [row(groups) for groups in wanted], [row(each.groups, each.earlier) for each in observed]
    design, seen = _matrix(rows, len(spreads)), _matrix(seen_rows, len(spreads))
    weights = np.array([1.0 / each.variance for each in observed])
    logarithms = np.log([each.rate / RATE for each in observed])
    prior = diags_array(np.array(spreads) ** -2.0)
    solver = splu((prior + seen.T @ diags_array(weights) @ seen).tocsc())
    rates: NDArray[np.float64] = RATE * np.exp(design @ solver.solve(seen.T @ (weights * logarithms)))
    gradient = design.T @ (rates * amounts) / (rates @ amounts)
    return rates, math.sqrt(gradient @ solver.solve(gradient))


def _matrix(rows: Sequence[Sequence[int]], columns: int) -> Any:
    """Zeros, and a one in the named columns of each row."""
    ends = np.cumsum([0, *map(len, rows)])
    indices = [column for row in rows for column in row]
    return csr_array((np.ones(len(indices)), indices, ends), shape=(len(rows), columns))


def load_rates(path: Path) -> dict[Groups, float]:
    """Rates that earlier runs kept; none if the file is missing or cannot be read."""
    try:
        rates = {tuple(map(str, groups)): float(rate) for groups, rate in json.loads(path.read_text())}
        return {groups: rate for groups, rate in rates.items() if 0 < rate < math.inf}
    except (OSError, ValueError, TypeError):
        return {}


def keep_rates(path: Path, rates: Mapping[Groups, float]) -> None:
    """Keeps rates for later runs, with the latest of those that were kept before. Nothing depends on its success."""
    kept = load_rates(path)
    kept = {**{groups: rate for groups, rate in kept.items() if groups not in rates}, **rates}
    part = path.with_name(f".{path.name}.{os.getpid()}")
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(json.dumps(list(kept.items())[-KEPT:]))
        part.replace(path)
