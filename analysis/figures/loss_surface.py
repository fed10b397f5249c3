"""The inversion's loss around a target, on a plane through z0 and z*: Fig. 2 of "Impact of the latent space"."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.contour import ContourSet
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke
from matplotlib.ticker import MaxNLocator

from analysis.drawing.pictures import TrialLine, first_seed, trial_lines
from analysis.drawing.style import INK, PAPER, WIDTH
from analysis.figures.base import FigureKind
from analysis.results import Results
from analysis.statistics.surfaces import BUMP, Surface, surface
from analysis.text.parts import in_order, part_words
from analysis.text.words import number, percent
from raysweep.study.measures.loss_surface import LossSurface

ACROSS = 4
"""Surfaces side by side."""

LEVELS = 15
"""Steps of the colours, at most."""

Z_STAR = (1.0, 0.0)
"""(a, b) of z*."""

EDGE = [withStroke(linewidth=2.5, foreground=INK)]
"""White lines have a dark edge, so that they are seen on any colour."""

MARK: dict[str, Any] = {"color": PAPER, "markeredgecolor": INK, "linestyle": "none"}
"""Markers are white with a dark edge."""

DIRECTIONS = {
    "paper": "β[0] = α[1], β[1] = −α[0] and 0 elsewhere",
    "random": "β is a random direction orthogonal to α",
}


@dataclass(frozen=True)
class SurfacePanel:
    """The surface of one model."""

    label: str
    surface: Surface


@dataclass(frozen=True)
class SurfaceRow:
    """Models of one arm, and one kind of target."""

    label: str
    part: str
    panels: tuple[SurfacePanel, ...]


@dataclass(frozen=True)
class LossSurfaces:
    """A surface of every model of one seed."""

    measure: str
    rows: tuple[SurfaceRow, ...]
    seed: int
    direction: str
    points: int


def infos(results: Results) -> tuple[LossSurfaces, ...]:
    """The first target of each kind in each measure, for the models of the first seed that stand for their arms."""
    found = []
    for measure in results.measures("loss_surface"):
        assert isinstance(measure, LossSurface)
        rows = results.rows(measure)
        seed = first_seed(results, set(rows["trial"]))
        first = {(row["trial"], row["part"]): surface(row) for row in reversed(rows.to_dict("records"))}
        lines = [line for line in trial_lines(results, seed, ACROSS) if line.main]
        parts = in_order(rows["part"])
        shown = [_row(line, part, first) for line in lines for part in parts]
        content = tuple(row for row in shown if row.panels)
        found.append(LossSurfaces(measure.name, content, seed, measure.direction, measure.resolution))
    return tuple(found)


def _row(line: TrialLine, part: str, first: Mapping[tuple[str, str], Surface]) -> SurfaceRow:
    panels = tuple(
        SurfacePanel(column.label, first[column.trial.id, part])
        for column in line.columns
        if (column.trial.id, part) in first
    )
    return SurfaceRow(line.label, part, panels)


def draw(info: LossSurfaces, figure: Figure) -> None:
    """A row for each arm and kind of target; each surface has its own scale, since their heights differ much."""
    figure.set_size_inches(WIDTH, 2.1 * len(info.rows) + 0.4)
    across = max(len(row.panels) for row in info.rows)
    grid = figure.subplots(len(info.rows), across, squeeze=False)
    for row, line in zip(info.rows, grid, strict=True):
        _draw_row(row, list(line), figure)
    handles = [
        Line2D([], [], marker="o", label="z₀ = 0", **MARK),
        Line2D([], [], marker="*", markersize=9, label="z*", **MARK),
        Line2D([], [], marker="X", markersize=6, label="other minimum", **MARK),
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=3)


def _draw_row(row: SurfaceRow, line: Sequence[Axes], figure: Figure) -> None:
    for axes in line[len(row.panels) :]:
        axes.remove()
    for panel, axes in zip(row.panels, line, strict=False):
        bar = figure.colorbar(_draw_surface(panel.surface, axes), ax=axes, shrink=0.85, aspect=22)
        bar.ax.tick_params(labelsize=6)
        axes.set_title(f"{panel.label}\n{_words(panel.surface)}", fontsize=7)
        axes.set_xlabel("a")
    bar.set_label("squared error per pixel value", fontsize=6.5)
    line[0].set_ylabel(f"{row.label}\n{part_words(row.part)}\n\nb", fontsize=7)


def _draw_surface(content: Surface, axes: Axes) -> ContourSet:
    axes.grid(visible=False)
    ticks, loss = content.ticks, content.loss
    steps = MaxNLocator(LEVELS).tick_values(float(loss.min()), float(loss.max()))
    colours = axes.contourf(ticks, ticks, loss, steps, cmap="viridis_r")
    axes.contour(ticks, ticks, loss, steps, colors=INK, linewidths=0.25)
    axes.plot([0, 1], [0, 0], "--", color=PAPER, linewidth=1.2, path_effects=EDGE)
    for a, b in content.minima:
        if (a, b) != Z_STAR:
            axes.plot(a, b, "X", markersize=6, **MARK)
    axes.plot(0, 0, "o", markersize=5.5, **MARK)
    axes.plot(*Z_STAR, "*", markersize=9, **MARK)
    axes.set(aspect="equal", xticks=[-2, -1, 0, 1, 2], yticks=[-2, -1, 0, 1, 2])
    axes.tick_params(labelsize=6.5)
    return colours


def _words(content: Surface) -> str:
    minima = len(content.minima)
    count = "no minimum" if minima == 0 else "1 minimum" if minima == 1 else f"{number(minima)} minima"
    return f"{count}, path {'falls' if content.falls else 'rises'}"


def caption(info: LossSurfaces) -> str:
    """What is shown, and how z* and β were chosen."""
    parts = {row.part for row in info.rows}
    real = (
        " For images of the data set z* is what the inversion found, and the loss there is its error."
        if parts - {"generated"}
        else ""
    )
    return (
        "Squared error per pixel value (pixels in [-1, 1]) between the image of aα + bβ and a target, where z₀ = 0, "
        f"α = z* − z₀ and {DIRECTIONS[info.direction]}, scaled to ‖β‖ = ‖α‖. The target of generated images is the "
        f"image of a known prior sample z*, so the loss there is 0.{real} The first target of seed {info.seed}, not a "
        f"chosen one; each surface has a scale of its own. On {info.points} × {info.points} points, minima inside the "
        f"square and rises of the dashed path are counted, if they make at least {percent(BUMP)} of the loss at z₀."
    )


FIGURE = FigureKind(
    "loss_surface",
    "Loss surfaces of the inversion",
    infos,
    draw,
    caption,
    "no loss surface was measured",
    photographic=True,
    place=340,
)
