"""Each objective against each setting that was searched."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from analysis.drawing.style import WIDTH
from analysis.figures.base import FigureKind
from analysis.figures.tuning_front import FAINT, checked_style, fresh_interval, scale_axes, search_words, wide
from analysis.results import Results
from analysis.statistics.intervals import band_words
from analysis.statistics.searches import Found, ScoredSettings, found, is_ordered, mean, rounded
from analysis.text.words import axis_label
from raysweep.study.core import AxisValue
from raysweep.study.objectives import OBJECTIVES

BESIDE = 0.17
"""How far from its range a value stands that a logarithmic axis cannot show, as a share of the axis's length."""


@dataclass(frozen=True)
class Slices:
    """A search, seen along each of its settings."""

    measure: str
    found: Found

    @property
    def marked(self) -> tuple[ScoredSettings, ...]:
        """Baselines and finalists on fresh seeds."""
        return tuple(each for each in self.found.checked if each.role != "twin")


@dataclass(frozen=True)
class Scale:
    """Where the values of a setting stand on an axis."""

    places: dict[AxisValue, float]
    ticks: dict[float, str]
    """Labels of those values that have no place on the axis's own scale."""
    logarithmic: bool


def infos(results: Results) -> tuple[Slices, ...]:
    """The search, if it scored anything."""
    search = found(results)
    return (Slices("", search),) if search and search.complete else ()


def scale(values: Sequence[AxisValue]) -> Scale:
    """Numbers on a linear or logarithmic scale, with 0 and ∞ next to it; names side by side."""
    distinct = sorted(set(values), key=lambda value: (isinstance(value, str), value))
    if not is_ordered(distinct):
        return Scale(
            {value: float(index) for index, value in enumerate(distinct)},
            {float(index): rounded(value) for index, value in enumerate(distinct)},
            logarithmic=False,
        )
    inner = [float(value) for value in distinct if math.isfinite(float(value)) and value != 0]
    if not inner or not wide(inner):
        inner = [float(value) for value in distinct if math.isfinite(float(value))] or [0.0]
    logarithmic = wide(inner)
    low, high = inner[0], inner[-1]
    places, ticks = {}, {}
    for value in distinct:
        number = float(value)
        if number in inner:
            places[value] = number
            continue
        side = -1 if number < low else 1
        end = low if side < 0 else high
        places[value] = (
            end * (high / low) ** (side * BESIDE) if logarithmic else end + side * BESIDE * (high - low or 1.0)
        )
        ticks[places[value]] = rounded(value)
    return Scale(places, ticks, logarithmic)


def draw(info: Slices, figure: Figure) -> None:
    """A row for each objective, a column for each setting."""
    settings, objectives = info.found.settings, info.found.objectives
    figure.set_size_inches(max(WIDTH, 1.5 * len(settings)), 1.5 * len(objectives) + 0.8)
    grid = figure.subplots(len(objectives), len(settings), squeeze=False, sharey="row", sharex="col")
    for column, setting in enumerate(settings):
        along = scale([each.values[setting] for each in info.found.configurations])
        for row, objective in enumerate(objectives):
            axes = grid[row, column]
            at = [along.places[each.values[setting]] for each in info.found.complete]
            means = [mean(each.searched[objective]) for each in info.found.complete]
            axes.plot(at, means, ".", color=FAINT, markersize=4)
            for each in info.marked:
                _draw_marked(axes, each, along.places[each.values[setting]], objective, info)
            _set_scale(axes, along)
            scale_axes(axes, info.found, None, objective)
        grid[-1, column].set_xlabel(axis_label(setting))
    for row, objective in enumerate(objectives):
        words = OBJECTIVES[objective].words.replace(" of ", "\nof ").replace(" (", "\n(")
        grid[row, 0].set_ylabel(f"{words}\n({OBJECTIVES[objective].better})", fontsize=7)
    figure.legend(handles=_handles(info), loc="outside lower center", ncols=4)


def _draw_marked(axes: Axes, each: ScoredSettings, at: float, objective: str, info: Slices) -> None:
    colour, marker = checked_style(info.found, each)
    interval = fresh_interval(each, objective)
    axes.vlines(at, interval.low, interval.high, color=colour, linewidth=0.9, zorder=2)
    axes.plot(at, interval.mean, marker, color=colour, markersize=8 if marker == "*" else 4, zorder=3)


def _set_scale(axes: Axes, along: Scale) -> None:
    """Ticks of its own scale, and a label for each value that stands beside it."""
    if along.logarithmic:
        axes.set_xscale("log")
        inner = [place for place in along.places.values() if place not in along.ticks]
        powers = range(math.ceil(np.log10(min(inner))), math.floor(np.log10(max(inner))) + 1)
        shown = [10.0**power for power in powers[:: -(-len(powers) // 3) or 1]]
        shown += [] if len(shown) > 1 else [min(inner), max(inner)]
        ticks = {place: f"{float(f'{place:.2g}'):g}" for place in shown} | along.ticks
    elif along.ticks:
        ticks = along.ticks
    else:
        return
    axes.set_xticks(list(ticks), [words.replace(" ", "\n") for words in ticks.values()], fontsize=6)
    axes.minorticks_off()


def _handles(info: Slices) -> list[Line2D]:
    handles = {
        "search": Line2D([], [], color=FAINT, marker=".", linestyle="none", label="means in the search (biased)")
    }
    for each in info.marked:
        words = "finalists, fresh seeds" if each.role == "finalist" else f"{each.name.replace('_', ' ')}, fresh seeds"
        colour, marker = checked_style(info.found, each)
        handles[words] = Line2D([], [], color=colour, marker=marker, linestyle="none", label=words)
    return list(handles.values())


def caption(info: Slices) -> str:
    """What is shown, and what it cannot show."""
    seeds = {len(values) for each in info.marked for values in each.fresh.values()}
    fresh = f"{band_words(seeds, 'Other markers', 'bars')} " if seeds else ""
    return (
        f"{search_words(info.found)}{fresh}Values such as 0 and ∞ stand beside a logarithmic scale. All other "
        "settings vary along a panel as well, and where the search looked often is where it found good values: a slice "
        "shows no effect of one setting alone."
    )


FIGURE = FigureKind(
    "tuning_slices",
    "Objectives against the searched settings",
    infos,
    draw,
    caption,
    "no settings were searched",
    place=400,
)
