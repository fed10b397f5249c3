"""Which work ran where and when, and how much of the processors' time was used."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from numpy.typing import NDArray

from analysis.drawing.style import MUTED, PALETTE, RULE, WIDTH
from analysis.figures.base import FigureKind
from analysis.results import Results
from analysis.text.words import listing, number, percent, plural

Process = tuple[str, int]
"""Host name and process id."""

IDLE_SECONDS = 60.0
"""A pause of more than this many seconds counts as between two runs, and is left out."""
HEIGHT = 0.78
"""Of a bar, in lanes."""
MANY = 500
"""More bars than this are drawn as an image, which stays small, and without edges, which would hide thin bars."""
MOST_NAMES = 16
"""More nodes than this are not named beside their lanes."""


@dataclass(frozen=True)
class Schedule:
    """Pieces of work, in time without pauses. The arrays have one entry for each piece."""

    measure: str
    work: tuple[str, ...]
    """What each piece was: train, prepare, or a measure."""
    lane: NDArray[np.int64]
    """Its vertical position. Pieces of one process share a lane, and so do processes of one node that followed
    another."""
    nodes: tuple[str, ...]
    """The host name of each lane."""
    start: NDArray[np.float64]
    """Seconds from the first start, pauses left out."""
    wall: NDArray[np.float64]
    cpu: NDArray[np.float64]
    processes: int
    """How many there were."""
    pauses: tuple[float, ...]
    """Where pauses were left out, on the axis of `start`."""
    cores: int | None
    """Processor cores of the machine, where all ran on one and the environment says so."""
    searched: bool
    """Whether this is a tuning's: its search is not among the pieces."""

    @property
    def seconds(self) -> float:
        """From the first start to the last end, pauses left out."""
        return float((self.start + self.wall).max())

    @property
    def busy(self) -> float:
        """Cores in use on average: Σ processor time / `seconds`."""
        return float(self.cpu.sum()) / self.seconds


def infos(results: Results) -> tuple[Schedule, ...]:
    """The table `schedule`, by process, without the pauses between runs."""
    table = results.tables["schedule"].sort_values(["started", "node", "process"])
    table = table[table["wall"] > 0]
    if table.empty:
        return ()
    started, wall = table["started"].to_numpy(np.float64), table["wall"].to_numpy(np.float64)
    start, pauses = without_pauses(started, wall)
    owners = list(zip(table["node"].astype(str), table["process"].astype(int), strict=True))
    lanes, nodes = lanes_of(owners, start, start + wall)
    return (
        Schedule(
            measure="",
            work=tuple(table["work"].astype(str)),
            lane=np.array([lanes[owner] for owner in owners]),
            nodes=nodes,
            start=start,
            wall=wall,
            cpu=table["cpu"].to_numpy(np.float64),
            processes=len(lanes),
            pauses=pauses,
            cores=_cores(results, set(nodes)),
            searched=not results.tables["configurations"].empty,
        ),
    )


def lanes_of(
    owners: Sequence[Process], start: NDArray[np.float64], end: NDArray[np.float64]
) -> tuple[dict[Process, int], tuple[str, ...]]:
    """A lane for each process, by node, and each lane's node: as few as there were processes of the node at a time.

    Args:
        owners: the process of each piece of work, the pieces sorted by start.
        start: of each piece.
        end: likewise.
    """
    first: dict[Process, float] = {}
    last: dict[Process, float] = {}
    for owner, begins, ends in zip(owners, start.tolist(), end.tolist(), strict=True):
        first.setdefault(owner, begins)
        last[owner] = max(ends, last.get(owner, ends))
    free: dict[str, list[float]] = {}
    within: dict[Process, int] = {}
    for owner, begins in first.items():  # by first start
        until = free.setdefault(owner[0], [])
        lane = next((lane for lane, busy in enumerate(until) if busy <= begins), len(until))
        until[lane : lane + 1] = [last[owner]]
        within[owner] = lane
    nodes = sorted(free)
    offset = dict(zip(nodes, np.cumsum([0, *(len(free[node]) for node in nodes)]).tolist(), strict=False))
    return (
        {owner: offset[owner[0]] + lane for owner, lane in within.items()},
        tuple(node for node in nodes for _ in free[node]),
    )


def without_pauses(
    started: NDArray[np.float64], wall: NDArray[np.float64]
) -> tuple[NDArray[np.float64], tuple[float, ...]]:
    """Starts (sorted) as seconds of running time, and where pauses of more than `IDLE_SECONDS` were cut out."""
    ends = np.maximum.accumulate(started + wall)
    idle = np.concatenate([[0.0], started[1:] - ends[:-1]])
    cut = np.where(idle > IDLE_SECONDS, idle, 0.0)
    start = started - started[0] - np.cumsum(cut)
    return start, tuple(float(at) for at in start[cut > 0])


def _cores(results: Results, nodes: set[str]) -> int | None:
    """The environment describes the machine of the driver, so it says nothing about other nodes."""
    cores = results.environment.get("cores")
    return cores if isinstance(cores, int) and len(nodes) == 1 else None


def draw(info: Schedule, figure: Figure) -> None:
    """A bar for each piece of work in its lane, coloured by the kind of work."""
    kinds = list(dict.fromkeys(info.work))
    colours = {kind: PALETTE[index % len(PALETTE)] for index, kind in enumerate(kinds)}
    unit, word = _unit(info.seconds)
    figure.set_size_inches(WIDTH, min(6.0, 1.2 + 0.22 * len(info.nodes)))
    axes = figure.subplots()
    many = len(info.work) > MANY
    axes.add_collection(
        PolyCollection(
            list(_bars(info.start / unit, info.wall / unit, info.lane)),
            facecolors=[colours[kind] for kind in info.work],
            edgecolors="none" if many else "white",
            linewidths=0.3,
            rasterized=many,
        ),
        autolim=False,
    )
    for at in info.pauses:
        axes.axvline(at / unit, color=MUTED, linewidth=0.8, linestyle=(0, (4, 3)))
    axes.set_ylim(len(info.nodes) - 0.4, -0.6)
    names = sorted(set(info.nodes))
    if 1 < len(names) <= MOST_NAMES:
        axes.set_yticks([float(np.mean([lane for lane, of in enumerate(info.nodes) if of == node])) for node in names])
        axes.set_yticklabels(names)
        axes.tick_params(axis="y", length=0)
        for lane in range(1, len(info.nodes)):
            if info.nodes[lane] != info.nodes[lane - 1]:
                axes.axhline(lane - 0.5, color=RULE, linewidth=0.8)
    else:
        axes.set_yticks([])
        axes.set_ylabel("processes")
    axes.set_xlim(0, info.seconds / unit)
    axes.set_xlabel(f"running time, {word}")
    axes.grid(visible=False, axis="y")
    handles = [Patch(color=colour, label=kind.replace("_", " ")) for kind, colour in colours.items()]
    figure.legend(handles=handles, loc="outside lower center", ncols=6)


def _bars(start: NDArray[np.float64], wall: NDArray[np.float64], lane: NDArray[np.int64]) -> NDArray[np.float64]:
    """The corners of each bar: (bars, 4, 2)."""
    left, right, low, high = start, start + wall, lane - HEIGHT / 2, lane + HEIGHT / 2
    return np.stack([np.stack(corner, 1) for corner in ((left, low), (right, low), (right, high), (left, high))], 1)


def _unit(seconds: float) -> tuple[float, str]:
    if seconds < 600:
        return 1.0, "seconds"
    return (60.0, "minutes") if seconds < 4 * 3600 else (3600.0, "hours")


def caption(info: Schedule) -> str:
    """What is shown, and the share of processor time used."""
    spent: dict[str, float] = {}
    for kind, seconds in zip(info.work, info.cpu, strict=True):
        spent[kind] = spent.get(kind, 0.0) + float(seconds)
    most_first = sorted(spent.items(), key=lambda item: (-item[1], item[0]))
    total = max(sum(spent.values()), 1e-9)
    shares = [f"{kind.replace('_', ' ')} {percent(seconds / total)}" for kind, seconds in most_first]
    share = f", {percent(info.busy / info.cores)} of the machine's {plural(info.cores, 'core')}" if info.cores else ""
    paused = (
        f" Dashed lines: {plural(len(info.pauses), 'pause')} of more than {IDLE_SECONDS:.0f} s between runs, left out."
        if info.pauses
        else ""
    )
    lanes = (
        "one lane a process"
        if info.processes == len(info.nodes)
        else (f"and processes of a node that followed one another share a lane ({number(info.processes)} in all)")
    )
    used = (
        ", all of it on fresh seeds: the search is not shown, and leaves a gap"
        if info.searched
        else f" in {number(info.seconds)} s of running time: {number(info.busy)} cores busy on average{share}"
    )
    return (
        f"One bar is one piece of work ({number(len(info.work))} in all), {lanes}, on "
        f"{plural(len(set(info.nodes)), 'node')}. The work took {number(float(info.cpu.sum()))} s of processor time"
        f"{used}. Of the processor time: {listing(shares)}.{paused}"
    )


FIGURE = FigureKind("schedule", "Schedule", infos, draw, caption, "no work was recorded", place=420)
