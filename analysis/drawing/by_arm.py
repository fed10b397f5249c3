"""Panels of one arm each. Their lines differ in something else than the arm: a part, or dim(z)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, NullLocator
from numpy.typing import NDArray

from analysis.drawing.style import MARKERS, WIDTH
from analysis.results import Results, Value
from analysis.statistics.curves import series_label
from analysis.statistics.intervals import band_words, over_seeds
from analysis.text.words import setting

MOST_ACROSS = 3
"""Panels side by side."""

HEIGHT = 2.2
"""Of a row of panels, in inches."""


@dataclass(frozen=True)
class Line:
    """A line of a panel; the arrays have one entry for each `x`."""

    label: str
    x: NDArray[np.float64]
    mean: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    seeds: NDArray[np.int64]


@dataclass(frozen=True)
class ArmPanel:
    """The lines of one arm."""

    label: str
    lines: tuple[Line, ...]


def by_arm(results: Results, values: Sequence[Value]) -> dict[str, list[Value]]:
    """Values of trials that stand for their arm and have a latent space, by the arm's label."""
    groups: dict[str, list[Value]] = {}
    for value in values:
        if value.trial.latent_dim is not None and results.is_main(value.trial):
            groups.setdefault(series_label(value.trial), []).append(value)
    return groups


def line(label: str, points: Sequence[tuple[float, float]]) -> Line:
    """Means over the seeds, of (x, value of one seed)."""
    at = sorted({x for x, _ in points})
    intervals = [over_seeds([value for x, value in points if x == place]) for place in at]
    return Line(
        label=label,
        x=np.array(at, dtype=np.float64),
        mean=np.array([interval.mean for interval in intervals]),
        low=np.array([interval.low for interval in intervals]),
        high=np.array([interval.high for interval in intervals]),
        seeds=np.array([interval.seeds for interval in intervals]),
    )


def draw_by_arm(
    panels: Sequence[ArmPanel],
    figure: Figure,
    x_label: str,
    y_label: str,
    colours: Mapping[str, str],
    dress: Callable[[Axes, bool], None],
) -> None:
    """Panels side by side on the same scales, in rows as equal as can be; one legend below.

    Args:
        panels: at least one.
        figure: its height is set.
        x_label: below the lowest panels.
        y_label: beside the first panel of each row.
        colours: of each label of a line, in the legend's order.
        dress: sets up the axes of a panel before it is drawn; it is told whether the panel stands in the last column.
    """
    down = -(-len(panels) // MOST_ACROSS)
    across = -(-len(panels) // down)
    figure.set_size_inches(
        WIDTH * (across + 1) / (MOST_ACROSS + 1) if across < MOST_ACROSS else WIDTH, HEIGHT * down + 0.5
    )
    grid = figure.subplots(down, across, squeeze=False, sharex=True, sharey=True)
    markers = {label: MARKERS[index % len(MARKERS)] for index, label in enumerate(colours)}
    for index, axes in enumerate(grid.flat):
        if index >= len(panels):
            axes.remove()
            continue
        dress(axes, index % across == across - 1)
        axes.set_title(panels[index].label)
        for content in panels[index].lines:
            colour, marker = colours[content.label], markers[content.label]
            axes.fill_between(content.x, content.low, content.high, color=colour, alpha=0.14, linewidth=0)
            axes.plot(content.x, content.mean, marker=marker, color=colour)
        if index + across >= len(panels):
            axes.set_xlabel(x_label)
            axes.tick_params(labelbottom=True)
        if index % across == 0:
            axes.set_ylabel(y_label)
    handles = [Line2D([], [], color=colour, marker=markers[label], label=label) for label, colour in colours.items()]
    figure.legend(handles=handles, loc="outside lower center", ncols=5)


def dims_axis(axes: Axes, dims: Sequence[int]) -> None:
    """A logarithmic horizontal axis with a tick at every dim(z)."""
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(FixedLocator([float(dim) for dim in dims]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda at, _: setting(round(at))))
    axes.xaxis.set_minor_locator(NullLocator())


def log_axis(axes: Axes) -> None:
    """A logarithmic vertical axis with its numbers written out; values that are not positive are not shown."""
    axes.set_yscale("log", nonpositive="clip")
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda at, _: setting(at)))
    axes.yaxis.set_minor_locator(NullLocator())


def seeds_of(panels: Sequence[ArmPanel]) -> str:
    """Says what the bands are."""
    return band_words(int(count) for panel in panels for content in panel.lines for count in content.seeds)
