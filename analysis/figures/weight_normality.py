"""How near to normal the weights of a network are, and how alike its layers, against dim(z)."""

from collections.abc import Mapping
from dataclasses import dataclass

from matplotlib.figure import Figure

from analysis.drawing.style import LineStyle, arm_colours
from analysis.drawing.trade_off import Level, TradeOff, draw_multiples, panels_words, seeds_words
from analysis.figures.base import FigureKind
from analysis.results import Results
from analysis.statistics.curves import Panel, panels
from analysis.statistics.weights import FEWEST, NORMAL_WITHIN, largest_distances, std_ratios
from analysis.text.words import number, setting

PARTS: dict[str, tuple[LineStyle, str]] = {"trained": ("-", "trained"), "initial": (":", "initial")}


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


FIGURE = FigureKind(
    "weight_normality", "Normality of weights", infos, draw, caption, "no weights were measured", place=330
)
