"""How near to normal the weights of a network are, and how alike its layers, against dim(z)."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd
from matplotlib.figure import Figure

from analysis.drawing.style import LineStyle, arm_colours
from analysis.drawing.trade_off import Level, TradeOff, draw_multiples, panels_words, seeds_words
from analysis.figures.base import FigureKind
from analysis.results import Results, Value
from analysis.statistics.curves import Panel, panels
from analysis.text.words import number, setting

STATES = ["trial", "part"]
"""Columns that name a model in one state."""

PARTS: dict[str, tuple[LineStyle, str]] = {"trained": ("-", "trained"), "initial": (":", "initial")}

NORMAL_WITHIN = 0.02
"""A Kolmogorov-Smirnov distance that still counts as normal: no share of the weights is off by more than 2 % of all.

About that of a logistic distribution (0.023), and a third of that of the uniform one from which training starts. The
paper states no criterion: this one is ours.
"""

FEWEST = math.ceil((0.886 / NORMAL_WITHIN) ** 2)
"""Layers with fewer weights are not judged: with n of them even 5 % of normal samples are farther than 0.886 / √n.

Source: Lilliefors (1967), Table 1.
"""


@dataclass(frozen=True)
class WeightNormality:
    """Two numbers of each arm, for one measure."""

    measure: str
    distances: tuple[Panel, ...]
    spreads: tuple[Panel, ...]
    colours: Mapping[str, str]


def infos(results: Results) -> tuple[WeightNormality, ...]:
    """One of each number for each trial and state, then the means over seeds."""
    found = []
    for measure in results.measures("weights"):
        rows = results.rows(measure)
        distances = panels(results, largest_distances(results, rows))
        spreads = panels(results, std_ratios(results, rows))
        found.append(WeightNormality(measure.name, distances, spreads, arm_colours(results)))
    return tuple(found)


def largest_distances(results: Results, rows: pd.DataFrame) -> tuple[Value, ...]:
    """Of each trial and state the largest distance of a layer that can be judged; NaN where none can."""
    judged = rows.assign(value=rows["ks_distance"].where(rows["count"] >= FEWEST))
    return _of_states(results, judged.groupby(STATES, sort=False)["value"].max())


def std_ratios(results: Results, rows: pd.DataFrame) -> tuple[Value, ...]:
    """Of each trial and state the largest over the smallest standard deviation of a layer."""
    found = rows.groupby(STATES, sort=False)["std"]
    return _of_states(results, found.max() / found.min())


def _of_states(results: Results, values: "pd.Series[float]") -> tuple[Value, ...]:
    return results.means(values.rename("value").reset_index(), "value")


def draw(info: WeightNormality, figure: Figure) -> None:
    """The two numbers beside or below each other."""
    margin = Level(NORMAL_WITHIN, "margin of the claim")
    contents = [
        TradeOff(info.distances, "largest distance D\nto normal", PARTS, False, info.colours, (margin,)),
        TradeOff(info.spreads, "largest std / smallest", PARTS, False, info.colours),
    ]
    draw_multiples(contents, figure)


def caption(info: WeightNormality) -> str:
    """What is shown, and how to read it."""
    return (
        "Weights of the dense and convolutional layers of the network that makes images, after training and as they "
        "were drawn. The largest Kolmogorov-Smirnov distance D of a layer to the normal distribution of its own mean "
        "and standard deviation (a uniform distribution, as drawn, has 0.057), of layers with at least "
        f"{number(FEWEST)} weights, since of fewer chance alone can make {setting(NORMAL_WITHIN)}; and the largest "
        "standard deviation of a layer over the smallest. The margin is ours. "
        f"{panels_words(info.spreads)}{seeds_words(info.spreads)}"
    )


FIGURE = FigureKind("Normality of weights", infos, draw, caption, "no weights were measured")
