"""Drawing of curves along the swept axes, shared by the figures that show one number of a model."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, NullFormatter, NullLocator

from analysis.drawing.style import INK, MARKERS, MUTED, PALETTE, WIDTH, LineStyle
from analysis.statistics.curves import Curve, Panel
from analysis.statistics.intervals import band_words
from analysis.text.published import Mark
from analysis.text.words import axis_label, axis_value, listing, percent, setting
from raysweep.study.core import AxisValue

MOST_ACROSS = 3
"""Panels side by side."""

HEIGHT = 2.55
"""Of a row of panels without its legends, in inches."""

LABELLED = 9
"""Labels that fit on an axis of one panel, about."""

LEVEL: dict[str, Any] = {"color": MUTED, "linestyle": (0, (4, 1, 1, 1)), "linewidth": 1.0}
"""How a level is drawn: unlike the line style of any part."""

PUBLISHED: dict[str, Any] = {"color": INK, "markersize": 8, "markerfacecolor": "none", "markeredgewidth": 1.0}
PUBLISHED_MARKERS = ("*", "p", "h", "8", "d", "<", ">")
"""How numbers that others published are drawn: black outlines, in shapes that no arm has."""

LETTERS = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True)
class Level:
    """A horizontal line: the score of real images, or of chance."""

    value: float
    words: str
    """Its name in the legend."""


@dataclass(frozen=True)
class TradeOff:
    """Panels of curves, and how they are drawn."""

    panels: tuple[Panel, ...]
    quantity: str
    """Label of the vertical axis."""
    parts: Mapping[str, tuple[LineStyle, str]]
    """Line style and words for each part, in the legend's order."""
    log_quantity: bool
    colours: Mapping[str, str]
    """Colour of each arm."""
    levels: tuple[Level, ...] = ()
    """Lines across all panels."""
    marks: tuple[Mark, ...] = ()
    """Drawn in the panel against dim(z)."""


def draw_trade_off(content: TradeOff, figure: Figure) -> None:
    """Panels side by side on one vertical scale, each with the legend of its colours; line styles stand below all."""
    across = min(MOST_ACROSS, len(content.panels))
    down = -(-len(content.panels) // across)
    single = len(content.panels) == 1
    lines = 0 if single else max(len(_handles(content, panel)) for panel in content.panels)
    figure.set_size_inches(WIDTH, (HEIGHT + 0.16 * lines) * down + 0.45)
    grid = figure.subplots(down, across, squeeze=False, sharey=True)
    for axes in grid.flat[len(content.panels) :]:
        axes.remove()
    for letter, panel, axes in zip(LETTERS, content.panels, grid.flat, strict=False):
        _draw_panel(content, panel, axes)
        if single:
            axes.legend(handles=_handles(content, panel), loc="upper left", bbox_to_anchor=(1.0, 1.0))
        else:
            axes.set_title(f"({letter})", color=MUTED)
            axes.legend(handles=_handles(content, panel), loc="upper left", bbox_to_anchor=(-0.04, -0.2))
    for line in grid:
        line[0].set_ylabel(content.quantity)
    _set_quantity(content, grid[0, 0])
    _draw_style_legend([content], figure)


def draw_multiples(contents: Sequence[TradeOff], figure: Figure) -> None:
    """Several quantities of the same panels, each on a vertical scale of its own.

    With one panel the quantities stand two abreast; with more, a row is a quantity and a column a panel.
    """
    panels = contents[0].panels
    single = len(panels) == 1
    down, across = (-(-len(contents) // 2), 2) if single else (len(contents), len(panels))
    lines = max(len(_handles(contents[0], panel)) for panel in panels)
    below = 0.16 * (-(-lines // 3) if single else lines)
    figure.set_size_inches(WIDTH, 0.8 * HEIGHT * down + below + 0.45)
    grid = figure.subplots(down, across, squeeze=False, sharex="col", sharey=False if single else "row")
    places = [(content, panel) for content in contents for panel in content.panels]
    for axes in grid.flat[len(places) :]:
        axes.remove()
    for (content, panel), axes in zip(places, grid.flat, strict=False):
        _draw_panel(content, panel, axes)
    for (content, panel), axes in zip(places, grid.flat, strict=False):
        if panel is content.panels[0]:
            axes.set_ylabel(content.quantity)
            _set_quantity(content, axes)
    for axes in grid.flat[: len(places) - across]:
        axes.set_xlabel("")
    if single:
        handles = _handles(contents[0], panels[0])
        figure.legend(handles=handles, loc="outside upper center", ncols=min(3, len(handles)))
    else:
        for letter, panel, top, bottom in zip(LETTERS, panels, grid[0], grid[-1], strict=False):
            top.set_title(f"({letter})", color=MUTED)
            bottom.legend(handles=_handles(contents[0], panel), loc="upper left", bbox_to_anchor=(-0.04, -0.25))
    _draw_style_legend(contents, figure)


def _set_quantity(content: TradeOff, axes: Axes) -> None:
    """The vertical axis: logarithmic, or from zero up, and below it where some value is negative."""
    levels = [level.value for level in content.levels if np.isfinite(level.value)]
    if content.log_quantity:
        _log_quantity(axes, min([lowest_shown(content.panels), *levels]))
        return
    lows = [curve.low[np.isfinite(curve.low)] for panel in content.panels for curve in panel.curves]
    lowest = min([0.0, *levels, *(float(low.min()) for low in lows if low.size)])
    margin = 0.04 * (axes.get_ylim()[1] - lowest)
    axes.set_ylim(lowest - margin if lowest < 0 else 0, axes.get_ylim()[1] + margin)


def _draw_style_legend(contents: Sequence[TradeOff], figure: Figure) -> None:
    """Legends of line styles, levels and marks, each once, below all panels."""
    handles = {str(handle.get_label()): handle for content in contents for handle in _style_handles(content)}
    if len(handles) > 1:
        figure.legend(handles=[*handles.values()], loc="outside lower center", ncols=min(3, len(handles)))


def _draw_panel(content: TradeOff, panel: Panel, axes: Axes) -> None:
    colours, markers = _colours(content, panel), _markers(content, panel)
    positions = _set_axis(panel, axes)
    for index, curve in enumerate(panel.curves):
        style, _ = content.parts[curve.part]
        x = np.array([positions[value] for value in curve.x]) + _beside(panel, index)
        colour, marker = colours[curve.label], markers[_marker_key(panel, curve)]
        if curve.level:
            _draw_level(curve, style, colour, axes)
            continue
        # Where some samples have no value, the mean is a lower bound: it is drawn hollow, without a band.
        whole = curve.censored == 0
        if _has_bars(panel, curve):
            axes.vlines(x[whole], curve.low[whole], curve.high[whole], color=colour, alpha=0.5, linewidth=1)
        else:
            axes.fill_between(x, curve.low, curve.high, where=whole.tolist(), color=colour, alpha=0.14, linewidth=0)
        if len(x) == 1:  # a dash through the point shows its line style
            axes.plot(_around(x[0], panel), curve.mean.repeat(2), style, color=colour)
        else:
            axes.plot(x, curve.mean, style, color=colour)
        axes.plot(x[whole], curve.mean[whole], marker, color=colour)
        axes.plot(x[~whole], curve.mean[~whole], marker, color=colour, markerfacecolor="white")
        for at, mean, share in zip(x[~whole], curve.mean[~whole], curve.censored[~whole], strict=True):
            _mark_censored(axes, at, mean, share)
    for level in content.levels:
        axes.axhline(level.value, **LEVEL)
    if panel.axis == "latent_dim":
        _draw_marks(content.marks, axes)


def _has_bars(panel: Panel, curve: Curve) -> bool:
    """Whether the interval of a value is a bar: a band needs two places on a scale."""
    return not curve.level and (panel.axis != "latent_dim" or len(curve.x) == 1)


def _draw_level(curve: Curve, style: LineStyle, colour: str, axes: Axes) -> None:
    """A line across the panel, with its band; where some samples have no value, with their share instead."""
    mean, censored = float(curve.mean[0]), float(curve.censored[0])
    if not np.isnan(mean):
        axes.axhline(mean, color=colour, linestyle=style)
    if censored:
        _mark_censored(axes, axes.get_xlim()[0], mean, censored)
    elif not np.isnan(curve.low[0]):
        axes.axhspan(curve.low[0], curve.high[0], color=colour, alpha=0.1, linewidth=0)


def _draw_marks(marks: Sequence[Mark], axes: Axes) -> None:
    for mark, symbol in zip(marks, PUBLISHED_MARKERS, strict=False):
        axes.plot(mark.latent_dim, mark.value, symbol, **PUBLISHED)
        left, right = axes.get_xlim()
        axes.set_xlim(min(left, mark.latent_dim / 1.1), max(right, 1.1 * mark.latent_dim))


def _beside(panel: Panel, index: int) -> float:
    """On an axis of single values, curves stand a little beside each other, so that their bars do not overlap."""
    if panel.axis == "latent_dim":
        return 0.0
    return 0.24 * (index / max(1, len(panel.curves) - 1) - 0.5)


def _around(at: float, panel: Panel) -> tuple[float, float]:
    """A short way to both sides of a place on the horizontal axis."""
    return (at / 1.08, at * 1.08) if panel.axis == "latent_dim" else (at - 0.1, at + 0.1)


def _mark_censored(axes: Axes, at: float, mean: float, share: float) -> None:
    left, right = axes.get_xlim()
    side = "left" if abs(at - left) < abs(right - at) else "right"
    text = f"{percent(share)} censored"
    if np.isnan(mean):
        # If nothing was found at all, a note stands at the top of the panel, where the value would be infinite.
        axes.annotate(f"∞, {text}", (at, 1), xycoords=("data", "axes fraction"), ha=side, va="top", fontsize=6.5)
    else:
        axes.annotate(text, (at, mean), (0, 6), textcoords="offset points", ha=side, fontsize=6.5)


def _set_axis(panel: Panel, axes: Axes) -> dict[AxisValue, float]:
    """Sets up the horizontal axis; the position on it of every value."""
    axes.set_xlabel(axis_label(panel.axis))
    logarithmic = panel.axis == "latent_dim"
    if logarithmic:
        positions = {value: float(value) for value in panel.values}
        axes.set_xscale("log")
        edge = (max(positions.values()) / min(positions.values())) ** 0.06 if len(positions) > 1 else 2.0
        axes.set_xlim(min(positions.values()) / edge, max(positions.values()) * edge)
    else:
        # Values such as λ = 0 and c = ∞ have no place on a scale, so the values stand side by side.
        positions = {value: float(index) for index, value in enumerate(panel.values)}
        axes.set_xlim(-0.35, len(positions) - 0.65)
    labels = {positions[value]: axis_value(value) for value in panel.values}
    axes.xaxis.set_major_locator(FixedLocator(_spread(list(labels), logarithmic)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda at, _: labels.get(at, "")))
    axes.xaxis.set_minor_locator(NullLocator())
    return positions


def _spread(positions: Sequence[float], logarithmic: bool) -> list[float]:
    """Tick positions whose labels do not run into each other."""
    place = np.log(positions) if logarithmic else np.asarray(positions)
    least = (place[-1] - place[0]) / (LABELLED + 3)
    kept = [0]
    for index in range(1, len(positions)):
        if place[index] - place[kept[-1]] >= least:
            kept.append(index)
    return [positions[index] for index in kept]


def lowest_shown(panels: Sequence[Panel]) -> float:
    """Where a logarithmic axis ends: at the lowest band, but no lower than a tenth of the smallest model's value.

    An optimiser's floor can be practically zero, and the curves of the models would then be squeezed into one line.
    """
    curves = [curve for panel in panels for curve in panel.curves]
    means = [float(mean) for curve in curves if curve.part != "generated" for mean in curve.mean if not np.isnan(mean)]
    lows = [float(low) for curve in curves for low in curve.low if not np.isnan(low)]
    return max(min(means) / 10, min(lows)) if means else 0.0


def _log_quantity(axes: Axes, lowest: float) -> None:
    """A logarithmic axis with its numbers written out; a short one has numbers between the powers of ten too."""
    axes.set_yscale("log", nonpositive="clip")
    low, high = max(axes.get_ylim()[0], 0.8 * lowest), axes.get_ylim()[1]
    axes.set_ylim(low, high)
    written = FuncFormatter(lambda value, _: setting(value))
    axes.yaxis.set_major_formatter(written)
    axes.yaxis.set_minor_locator(LogLocator(subs=(2, 5)))
    axes.yaxis.set_minor_formatter(written if high < 1000 * low else NullFormatter())
    axes.tick_params(axis="y", which="minor", labelsize=7)


def _colours(content: TradeOff, panel: Panel) -> dict[str, str]:
    """Against dim(z) a colour is an arm's; along another axis it is that of the remaining settings."""
    if panel.axis == "latent_dim":
        return {curve.label: content.colours[curve.arm] for curve in panel.curves}
    labels = dict.fromkeys(curve.label for curve in panel.curves)
    return {label: PALETTE[index % len(PALETTE)] for index, label in enumerate(labels)}


def _markers(content: TradeOff, panel: Panel) -> dict[str | int | None, str]:
    """Against dim(z) a marker is an arm's; along another axis it is that of dim(z)."""
    keys: list[str | int | None] = list(content.colours)
    if panel.axis != "latent_dim":
        keys = [*sorted({curve.latent_dim for curve in panel.curves if curve.latent_dim is not None})]
    return {key: MARKERS[index % len(MARKERS)] for index, key in enumerate(keys)}


def _marker_key(panel: Panel, curve: Curve) -> str | int | None:
    return curve.arm if panel.axis == "latent_dim" else curve.latent_dim


def _handles(content: TradeOff, panel: Panel) -> list[Line2D]:
    """The legend of a panel's colours and markers; in a single panel, of its line styles too."""
    colours, markers = _colours(content, panel), _markers(content, panel)
    if panel.axis == "latent_dim":
        arms = {curve.label: curve.arm for curve in panel.curves}
        return [
            Line2D([], [], color=colour, marker=markers[arms[label]], label=label) for label, colour in colours.items()
        ]
    settings = [Line2D([], [], color=colour, label=label) for label, colour in colours.items() if label]
    dims = [
        Line2D([], [], color=MUTED, linestyle="none", marker=marker, label=f"dim(z) = {setting(dim)}")
        for dim, marker in markers.items()
    ]
    return settings + dims


def _style_handles(content: TradeOff) -> list[Line2D]:
    shown = {curve.part for panel in content.panels for curve in panel.curves}
    styles = [
        Line2D([], [], color=INK, linestyle=style, linewidth=1.2, label=words)
        for part, (style, words) in content.parts.items()
        if part in shown
    ]
    levels = [Line2D([], [], label=level.words, **LEVEL) for level in content.levels]
    marks = [
        Line2D([], [], linestyle="none", marker=symbol, label=mark.words, **PUBLISHED)
        for mark, symbol in zip(content.marks, PUBLISHED_MARKERS, strict=False)
    ]
    return styles + levels + marks


def panels_words(panels: Sequence[Panel]) -> str:
    """Says what the panels are, if there are several."""
    if len(panels) < 2:
        return ""
    names = [f"({letter}) against {axis_label(panel.axis)}" for letter, panel in zip(LETTERS, panels, strict=False)]
    first = (
        "In (a) each arm's other settings are those that the legend names; elsewhere every combination is a curve. "
        if panels[0].axis == "latent_dim"
        else ""
    )
    level = any(curve.level for panel in panels for curve in panel.curves)
    levels = " Arms of which nothing is varied are lines across." if level else ""
    return (
        f"{listing(names)}. {first}Values of axes other than dim(z) stand side by side, not to scale, and curves a "
        f"little beside each other.{levels}"
    )


def seeds_words(panels: Sequence[Panel]) -> str:
    """Says what the bands are."""
    seeds = {int(count) for panel in panels for curve in panel.curves for count in curve.seeds if count}
    kinds = {"bars" if _has_bars(panel, curve) else "bands" for panel in panels for curve in panel.curves}
    return band_words(seeds, band=" and ".join(sorted(kinds))) if seeds else ""
