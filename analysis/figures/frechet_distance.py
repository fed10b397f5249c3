"""Fréchet distance against dim(z): Fig. 4 of "Impact of the latent space"."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from matplotlib.figure import Figure

from analysis.drawing.style import LineStyle, arm_colours
from analysis.drawing.trade_off import Level, TradeOff, draw_trade_off, panels_words, seeds_words
from analysis.figures.base import FigureKind, Tabulated
from analysis.results import Results
from analysis.statistics.curves import Panel, panels
from analysis.text.protocol import held_out_words, quality_protocol
from analysis.text.published import Mark, marks, marks_words
from raysweep.study.measures import MeasureSettings
from raysweep.study.measures.frechet import FrechetDistance

PARTS: dict[str, tuple[LineStyle, str]] = {"samples": ("-", "samples"), "reconstructions": ("--", "reconstructions")}


@dataclass(frozen=True)
class FrechetDistances:
    """Fréchet distance of each arm along the axes, for one measure."""

    measure: str
    panels: tuple[Panel, ...]
    floor: Level
    """The distance of held-out images."""
    published: tuple[Mark, ...]
    """Distances that others published under the same protocol."""
    protocol: str
    colours: Mapping[str, str]


def infos(results: Results) -> tuple[FrechetDistances, ...]:
    """One distance for each trial and part, then the mean over seeds."""
    return tuple(
        FrechetDistances(
            measure.name,
            panels(results, results.means(results.rows(measure), "distance")),
            floor(results, measure),
            marks(results, measure),
            frechet_protocol(results, measure),
            arm_colours(results),
        )
        for measure in results.measures("frechet")
    )


def floor(results: Results, measure: MeasureSettings) -> Level:
    """What held-out images score: one number, which all of the measure's rows carry."""
    row = results.rows(measure).iloc[0]
    return Level(float(row["floor"]), f"floor: {held_out_words(measure, int(row['floor_images']))}")


def frechet_protocol(results: Results, measure: MeasureSettings) -> str:
    """Features and counts, and what the counts do to a Fréchet distance."""
    assert isinstance(measure, FrechetDistance)
    fid = " This is the FID." if measure.features == "inception" else ""
    counts = {*results.rows(measure)["samples"], *results.rows(measure)["floor_images"]}
    bias = (
        " Distances with different counts are not comparable: few images raise the distance." if len(counts) > 1 else ""
    )
    return f"{quality_protocol(results, measure)}{fid}{bias}"


def draw(info: FrechetDistances, figure: Figure) -> None:
    """Logarithmic dim(z); the distance from zero up, as in the paper."""
    draw_trade_off(
        TradeOff(info.panels, "Fréchet distance", PARTS, False, info.colours, (info.floor,), info.published), figure
    )


def caption(info: FrechetDistances) -> str:
    """What is shown, and its protocol."""
    return (
        "Squared Fréchet distance between Gaussians fitted to features of real images and of the model's; smaller is "
        f"better. {panels_words(info.panels)}Solid: samples from the prior; dashed: reconstructions of validation "
        f"images; grey: the same distance of real images ({info.floor.words}). "
        f"{marks_words(info.published)}{info.protocol} {seeds_words(info.panels)}"
    )


FIGURE = FigureKind(
    "frechet_distance",
    "Fréchet distance",
    infos,
    draw,
    caption,
    "no Fréchet distance was measured",
    place=40,
    numbers=(Tabulated("Fréchet distance", "frechet", partial(Results.means, column="distance")),),
)
