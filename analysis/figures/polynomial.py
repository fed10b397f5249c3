"""The polynomial through the images, computed: Eq. 2 of "Impact of the latent space"."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, MaxNLocator, NullLocator
from numpy.typing import NDArray

from analysis.drawing.pictures import Pixels, mosaic, read_image
from analysis.drawing.style import INK, MUTED, PALETTE, RULE, WIDTH
from analysis.figures.base import FigureKind
from analysis.results import Results
from analysis.text.words import listing, number, plural, setting, span

NODES = {
    "equispaced": (PALETTE[0], "equispaced nodes"),
    "chebyshev": (PALETTE[1], "Chebyshev nodes"),
    "normal_quantiles": (PALETTE[2], "quantiles of the prior"),
}
"""Colours and words of the choices of nodes."""

STYLES: dict[tuple[str, str], Literal["-", "--", "-.", ":"]] = {
    ("product", "float64"): "-",
    ("product", "float32"): "--",
    ("barycentric", "float64"): "-.",
    ("barycentric", "float32"): ":",
}
"""Line styles of forms in their arithmetic."""

CROSSES = dict(zip(STYLES, (0.98, 0.95, 0.92, 0.89), strict=True))
"""Heights in a panel at which a note says that a value is not finite."""

QUANTITIES = {
    "largest": "(a) largest |pixel| in the ball",
    "moved_error": "(b) error, latents one float32 step off",
    "pixels_outside": "(c) pixel values outside [−1, 1]",
}
"""Columns that are drawn, and what they are."""

STRIPS = 3
"""The most numbers of images for which the way between two images is shown."""

PANEL_HEIGHT, STRIP_HEIGHT = 2.4, 0.46
"""In inches."""


@dataclass(frozen=True)
class PolynomialCurve:
    """One choice of nodes, form and arithmetic. Values are medians over seeds, infinite where they overflowed."""

    nodes: str
    form: str
    arithmetic: str
    images: NDArray[np.int64]
    """Numbers of images, ascending."""
    values: dict[str, NDArray[np.float64]]
    """By column."""


@dataclass(frozen=True)
class Strip:
    """The way from the first image to the second: one row of pictures."""

    label: str
    note: str
    picture: Pixels


@dataclass(frozen=True)
class PolynomialNumbers:
    """The numbers of the polynomials of one measure."""

    measure: str
    curves: tuple[PolynomialCurve, ...]
    mean_error: float
    """Median over trials of the error of their images' mean."""
    strips: dict[str, tuple[Strip, ...]]
    """By nodes, the straight line first."""
    form: str
    arithmetic: str
    """Of the strips."""
    trials: int
    inexact: int
    """Trials that do not reach their images at their latents."""
    seeds: int
    protocol: str


def infos(results: Results) -> tuple[PolynomialNumbers, ...]:
    """Medians over seeds of every number, and the strips of one seed."""
    found = []
    for measure in results.measures("interpolant"):
        rows = _with_settings(results, results.rows(measure))
        groups = rows.groupby(["nodes", "form", "arithmetic"], sort=False)
        curves = tuple(_curve(str(nodes), str(form), str(kind), group) for (nodes, form, kind), group in groups)
        first = rows.iloc[0]
        form, arithmetic = str(first["form"]), str(first["arithmetic"])
        shown = rows[(rows["form"] == form) & (rows["arithmetic"] == arithmetic) & (rows["seed"] == first["seed"])]
        found.append(
            PolynomialNumbers(
                measure.name,
                curves,
                float(rows["mean_error"].median()),
                {str(nodes): _strips(results, group) for nodes, group in shown.groupby("nodes", sort=False)},
                form,
                arithmetic,
                len(rows),
                int((rows["node_error"] > 0).sum()),
                rows["seed"].nunique(),
                f"{span(rows['prior_points'])} quantiles of the prior; {span(rows['ball_points'])} latents in the ball",
            )
        )
    return tuple(found)


def _with_settings(results: Results, rows: pd.DataFrame) -> pd.DataFrame:
    """The rows in the trials' order, with what the trials were."""
    names = ("nodes", "form", "arithmetic")
    trials = [
        {"trial": trial.id, "seed": trial.seed, **{name: trial.settings[name] for name in names}}
        for trial in results.trials
        if trial.family == "polynomial"
    ]
    return pd.DataFrame(trials).merge(rows, on="trial")


def _curve(nodes: str, form: str, arithmetic: str, rows: pd.DataFrame) -> PolynomialCurve:
    medians = rows.groupby("images")[[*QUANTITIES, "log10_lebesgue"]].median()
    values = {str(name): medians[name].to_numpy(np.float64) for name in medians.columns}
    return PolynomialCurve(nodes, form, arithmetic, medians.index.to_numpy(np.int64), values)


def _strips(results: Results, rows: pd.DataFrame) -> tuple[Strip, ...]:
    """The straight line, then the polynomials of a few numbers of images; two images make a straight line as well."""
    counts = [count for count in sorted(set(rows["images"])) if count > 2]
    places = np.unique(np.linspace(0, len(counts) - 1, min(STRIPS, len(counts))).round().astype(int))
    by_count = {row["images"]: row for row in rows.to_dict("records")}
    line = next(iter(by_count.values()))["line"]
    strips = [Strip("straight line", "largest 1 at most", _row_of_pictures(results, line))]
    for count in (counts[place] for place in places):
        row = by_count[count]
        largest = magnitude(float(max(row["walk_largest"])))
        strips.append(Strip(f"n = {setting(count)}", f"largest {largest}", _row_of_pictures(results, row["walk"])))
    return tuple(strips)


def _row_of_pictures(results: Results, content: bytes) -> Pixels:
    pixels = results.facts.shape.pixels
    pieces = [content[start : start + pixels] for start in range(0, len(content), pixels)]
    return mosaic([[read_image(piece, results.facts.shape) for piece in pieces]])


def magnitude(value: float) -> str:
    """Two digits, or the nearest power of ten from a thousand up."""
    if value < 1_000 or math.isinf(value):
        return number(value, 2)
    return f"$10^{{{round(math.log10(value))}}}$"


def draw(info: PolynomialNumbers, figure: Figure) -> None:
    """Three panels against the number of images; below, the ways between two images, a column a choice of nodes."""
    lines = max(len(strips) for strips in info.strips.values())
    heights = [PANEL_HEIGHT + 0.55, STRIP_HEIGHT * lines + 0.25]
    figure.set_size_inches(WIDTH, sum(heights))
    upper, lower = figure.subfigures(2, 1, squeeze=False, height_ratios=heights)[:, 0]
    for name, axes in zip(QUANTITIES, upper.subplots(1, len(QUANTITIES)), strict=True):
        _draw_panel(info, name, axes)
    upper.legend(handles=_handles(info), loc="outside lower center", ncols=4)
    grid = lower.subplots(lines, len(info.strips), squeeze=False)
    for column, (nodes, strips) in zip(grid.T, info.strips.items(), strict=True):
        _draw_strips(nodes, strips, column)


def _draw_panel(info: PolynomialNumbers, name: str, axes: Axes) -> None:
    if name == "moved_error":
        axes.axhline(info.mean_error, color=MUTED, linewidth=0.8)
    for curve in info.curves:
        values = curve.values[name]
        known = np.isfinite(values)
        style = STYLES[curve.form, curve.arithmetic]
        colour, _ = NODES[curve.nodes]
        axes.plot(curve.images[known], values[known], linestyle=style, color=colour, linewidth=1.1)
        axes.plot(
            curve.images[~known],
            np.full((~known).sum(), CROSSES[curve.form, curve.arithmetic]),
            "x",
            color=colour,
            markersize=3.5,
            transform=axes.get_xaxis_transform(),
        )
        if name == "largest" and STYLES[curve.form, curve.arithmetic] == "-":
            axes.plot(curve.images, 10 ** curve.values["log10_lebesgue"], color=RULE, linewidth=4, zorder=1)
    if name != "pixels_outside":
        axes.set_yscale("log")
        low, high = np.log10(axes.get_ylim())
        powers = MaxNLocator(5, integer=True).tick_values(float(low), float(high))
        axes.yaxis.set_major_locator(FixedLocator([10.0 ** float(power) for power in powers if low <= power <= high]))
        axes.yaxis.set_minor_locator(NullLocator())
        axes.set_ylim(10.0**low, 10.0**high)
    counts = sorted({int(count) for curve in info.curves for count in curve.images})
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(FixedLocator(counts))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xticks(counts, [setting(count) for count in counts], fontsize=6.5)
    axes.set_xlabel("images n")
    axes.set_title(QUANTITIES[name], fontsize=7.5)


def _draw_strips(nodes: str, strips: Sequence[Strip], column: NDArray[np.object_]) -> None:
    colour, words = NODES[nodes]
    for axes in column:
        axes.set_axis_off()
    for index, (strip, axes) in enumerate(zip(strips, column, strict=False)):
        axes.imshow(strip.picture, interpolation="antialiased", aspect="equal")
        axes.set_title(strip.label, loc="left", fontsize=6.5, pad=2)
        axes.set_title(strip.note, loc="right", fontsize=6.5, pad=2, color=MUTED)
        if index == 0:
            axes.set_title(f"{words}\n", loc="center", fontsize=8, color=colour, fontweight="bold")


def _handles(info: PolynomialNumbers) -> list[Line2D]:
    nodes = dict.fromkeys(curve.nodes for curve in info.curves)
    kinds = dict.fromkeys((curve.form, curve.arithmetic) for curve in info.curves)
    handles = [Line2D([], [], color=NODES[name][0], label=NODES[name][1]) for name in nodes]
    handles += [
        Line2D([], [], color=INK, linestyle=STYLES[kind], linewidth=1.1, label=f"{kind[0]}, {kind[1]}")
        for kind in kinds
    ]
    return [*handles, Line2D([], [], color=MUTED, linestyle="", marker="x", markersize=3.5, label="not finite")]


def caption(info: PolynomialNumbers) -> str:
    """What is shown, and its protocol."""
    reached = f"in {number(info.trials - info.inexact)} of {plural(info.trials, 'trial')} it reaches them exactly"
    missed = "; in the others its arithmetic overflows there" if info.inexact else ""
    medians = f" Medians over {plural(info.seeds, 'seed')}." if info.seeds > 1 else ""
    chosen = listing([NODES[nodes][1] for nodes in info.strips])
    return (
        "The polynomial of degree n − 1 through n training images, which needs one latent to memorise them (Eq. 2). At "
        f"the images' own latents, {reached}{missed}. (a) The largest magnitude of a pixel at latents in the ball of "
        "Eq. 5, |z| ≤ √(1 + 3√2); wide grey lines: the nodes' Lebesgue constants, which bound it. (b) Squared error "
        "per pixel value of the images when every latent is moved to the next larger number of float32; grey line: the "
        "error of the images' mean. (c) Share of pixel values outside [−1, 1] by more than half a grey level, over the "
        "prior. Crosses stand where a value is not finite in its arithmetic. Below: from the first image to the second "
        f"in equal steps of z ({chosen}; {info.form}, {info.arithmetic}), with the largest magnitude of a pixel on the "
        "way; what is outside [−1, 1] is clamped. The straight line between them is part of the piecewise linear curve "
        "through all images, which has one latent as well and never leaves the range. "
        f"{info.protocol}.{medians}"
    )


FIGURE = FigureKind(
    "polynomial",
    "The polynomial through the images",
    infos,
    draw,
    caption,
    "no polynomial was measured",
    photographic=True,
    place=360,
)
