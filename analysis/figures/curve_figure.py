"""Figures of numbers of each model, drawn as curves along the axes that a study sweeps."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import pandas as pd
from matplotlib.figure import Figure

from analysis.drawing.style import LineStyle, arm_colours
from analysis.drawing.trade_off import Level, TradeOff, draw_multiples, draw_trade_off, panels_words, seeds_words
from analysis.figures.base import FigureKind, Tabulated
from analysis.results import Results, Value
from analysis.statistics.curves import Panel, panels
from analysis.text.published import marks
from raysweep.study.measures import MeasureSettings

Parts = Mapping[str, tuple[LineStyle, str]]
"""Line style and words of each part that a figure shows, in the legend's order."""

OF_MODELS: Parts = {"samples": ("-", "samples"), "reconstructions": ("--", "reconstructions")}
OF_MODELS_WORDS = "Solid: samples from the prior; dashed: reconstructions of validation images"
"""The images of a model, and how captions explain their line styles."""


@dataclass(frozen=True)
class Quantity:
    """One number of each model: a vertical axis."""

    label: str
    values: str | Callable[[Results, pd.DataFrame], tuple[Value, ...]]
    """Computes the number of each trial and part from the rows of a measure; or the column whose mean it is."""
    level: Level | Callable[[Results, MeasureSettings], Level | None] | None = None
    """A horizontal line: the score of real images, or of chance."""
    logarithmic: bool = False
    """Whether the axis is logarithmic; others start at zero."""
    tabulated: str = ""
    """Its title in the report's table of numbers; "" if it is not there."""
    published: bool = False
    """Whether numbers that others published under the same protocol are drawn too."""

    def compute(self, results: Results, rows: pd.DataFrame) -> tuple[Value, ...]:
        """The number of each trial and part."""
        return results.means(rows, self.values) if isinstance(self.values, str) else self.values(results, rows)

    def levels(self, results: Results, measure: MeasureSettings) -> tuple[Level, ...]:
        """The line across, if there is one."""
        level = self.level(results, measure) if callable(self.level) else self.level
        return () if level is None else (level,)


@dataclass(frozen=True, eq=False)
class Curves:
    """What one measure found."""

    results: Results
    settings: MeasureSettings
    rows: pd.DataFrame
    """All rows of the measure."""
    contents: tuple[TradeOff, ...]
    """What is drawn of each quantity."""
    values: tuple[tuple[Value, ...], ...]
    """From which it is drawn: for each of `contents`, one number for each trial and part."""

    @property
    def measure(self) -> str:
        """The measure's name."""
        return self.settings.name

    @property
    def panels(self) -> tuple[Panel, ...]:
        """The panels of the first quantity."""
        return self.contents[0].panels

    @property
    def parts(self) -> set[str]:
        """The parts that have a curve."""
        return {curve.part for content in self.contents for panel in content.panels for curve in panel.curves}


def curve_figure(
    name: str,
    title: str,
    table: str,
    quantities: Sequence[Quantity],
    parts: Parts,
    words: Callable[[Curves], tuple[str, str]],
    absent: str,
    place: int,
    rows: Callable[[Results, MeasureSettings], Sequence[pd.DataFrame]] = lambda *of: [Results.rows(*of)],
) -> FigureKind[Curves]:
    """A figure of one or more quantities, for each measure that writes to `table`.

    Each trial has one number, of which the mean over seeds is drawn. A quantity without any number is left out; without
    the first one there is no figure.

    Args:
        name: of the figure's files.
        title: in the report.
        table: the measures' table.
        quantities: what is drawn, each on a vertical axis of its own.
        parts: what is drawn of it; other parts are left out.
        words: what the caption says before and after the words on the panels. Words on the seeds follow.
        absent: what is missing where there is nothing to draw.
        place: in the report's order.
        rows: the rows that are shown for a measure, if not its own; none if it is not shown. They may come in several
            tables, whose numbers are put one after the other.
    """

    def show(results: Results, measure: MeasureSettings) -> Curves | None:
        tables = rows(results, measure)
        found = [(each, _shown(parts, results, each, tables)) for each in quantities]
        if not found[0][1]:
            return None
        found = [(quantity, values) for quantity, values in found if values]
        contents = tuple(_content(quantity, values, parts, results, measure) for quantity, values in found)
        return Curves(results, measure, results.rows(measure), contents, tuple(values for _, values in found))

    def infos(results: Results) -> tuple[Curves, ...]:
        shown = (show(results, measure) for measure in results.measures(table))
        return tuple(curves for curves in shown if curves is not None)

    numbers = tuple(Tabulated(each.tabulated, table, each.compute) for each in quantities if each.tabulated)
    return FigureKind(name, title, infos, _draw, partial(_caption, words), absent, place, numbers)


def _shown(parts: Parts, results: Results, quantity: Quantity, tables: Sequence[pd.DataFrame]) -> tuple[Value, ...]:
    return tuple(value for rows in tables for value in quantity.compute(results, rows) if value.part in parts)


def _content(
    quantity: Quantity, values: Sequence[Value], parts: Parts, results: Results, measure: MeasureSettings
) -> TradeOff:
    return TradeOff(
        panels=panels(results, values),
        quantity=quantity.label,
        parts=parts,
        log_quantity=quantity.logarithmic,
        colours=arm_colours(results),
        levels=quantity.levels(results, measure),
        marks=marks(results, measure) if quantity.published else (),
    )


def _draw(info: Curves, figure: Figure) -> None:
    if len(info.contents) == 1:
        draw_trade_off(info.contents[0], figure)
    else:
        draw_multiples(info.contents, figure)


def _caption(words: Callable[[Curves], tuple[str, str]], info: Curves) -> str:
    before, after = words(info)
    seeds = seeds_words([panel for content in info.contents for panel in content.panels])
    return " ".join(sentence for sentence in (before, panels_words(info.panels), after, seeds) if sentence)
