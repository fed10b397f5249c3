"""Kernel distance (in Inception's features: the KID) against dim(z)."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from matplotlib.figure import Figure

from analysis.drawing.style import arm_colours
from analysis.drawing.trade_off import Level, TradeOff, draw_trade_off, panels_words, seeds_words
from analysis.figures.base import FigureKind, Tabulated
from analysis.figures.frechet_distance import PARTS, floor
from analysis.results import Results
from analysis.statistics.curves import Panel, panels
from analysis.text.protocol import quality_protocol
from analysis.text.published import Mark, marks, marks_words
from analysis.text.words import number, span
from raysweep.study.measures import MeasureSettings


@dataclass(frozen=True)
class KernelDistances:
    """Kernel distance of each arm along the axes, for one measure."""

    measure: str
    panels: tuple[Panel, ...]
    floor: Level
    """The distance of held-out images."""
    published: tuple[Mark, ...]
    """Distances that others published under the same protocol."""
    protocol: str
    colours: Mapping[str, str]


def infos(results: Results) -> tuple[KernelDistances, ...]:
    """One distance for each trial and part, then the mean over seeds."""
    return tuple(
        KernelDistances(
            measure.name,
            panels(results, results.means(results.rows(measure), "distance")),
            floor(results, measure),
            marks(results, measure),
            f"{quality_protocol(results, measure)} {_subsets(results, measure)}",
            arm_colours(results),
        )
        for measure in results.measures("kernel_distance")
    )


def _subsets(results: Results, measure: MeasureSettings) -> str:
    rows = results.rows(measure)
    return (
        f"Each distance is the mean over {number(int(rows['subsets'].iloc[0]))} pairs of random subsets of "
        f"{span(int(count) for count in rows['subset_images'])} images, over which the standard deviation is "
        f"{number(float(rows['deviation'].mean()), 2)} on average."
    )


def draw(info: KernelDistances, figure: Figure) -> None:
    """Logarithmic dim(z); the distance from zero up, or from the lowest value, since the estimate can be negative."""
    draw_trade_off(
        TradeOff(info.panels, "kernel distance (MMD²)", PARTS, False, info.colours, (info.floor,), info.published),
        figure,
    )


def caption(info: KernelDistances) -> str:
    """What is shown, and its protocol."""
    return (
        "Unbiased estimate of the squared maximum mean discrepancy, with the kernel (a·b / length + 1)³, between "
        "features of real images and of the model's: the KID where these are Inception's. Smaller is better, and "
        f"values below zero are chance. {panels_words(info.panels)}Solid: samples from the prior; dashed: "
        f"reconstructions of validation images; grey: the same distance of real images ({info.floor.words}). "
        f"{marks_words(info.published)}{info.protocol} {seeds_words(info.panels)}"
    )


FIGURE = FigureKind(
    "kernel_distance",
    "Kernel distance",
    infos,
    draw,
    caption,
    "no kernel distance was measured",
    place=50,
    numbers=(Tabulated("Kernel distance", "kernel_distance", partial(Results.means, column="distance")),),
)
