"""Fréchet distance against dim(z): Fig. 4 of "Impact of the latent space"."""

from collections.abc import Mapping
from dataclasses import dataclass

from matplotlib.figure import Figure

from analysis.curves import Panel, panels
from analysis.figures.base import FigureKind
from analysis.figures.trade_off import TradeOff, draw_trade_off, panels_words, seeds_words
from analysis.protocol import frechet_protocol
from analysis.results import Results
from analysis.style import LineStyle, arm_colours

PARTS: dict[str, tuple[LineStyle, str]] = {"samples": ("-", "samples"), "reconstructions": ("--", "reconstructions")}


@dataclass(frozen=True)
class FrechetDistances:
    """Fréchet distance of each arm along the axes, for one measure."""

    measure: str
    panels: tuple[Panel, ...]
    protocol: str
    colours: Mapping[str, str]


def infos(results: Results) -> tuple[FrechetDistances, ...]:
    """One distance for each trial and part, then the mean over seeds."""
    return tuple(
        FrechetDistances(
            measure.name,
            panels(results, results.means(results.rows(measure), "distance")),
            frechet_protocol(results, measure),
            arm_colours(results),
        )
        for measure in results.measures("frechet")
    )


def draw(info: FrechetDistances, figure: Figure) -> None:
    """Logarithmic dim(z); the distance from zero up, as in the paper."""
    draw_trade_off(TradeOff(info.panels, "Fréchet distance", PARTS, False, info.colours), figure)


def caption(info: FrechetDistances) -> str:
    """What is shown, and its protocol."""
    return (
        "Squared Fréchet distance between Gaussians fitted to features of real images and of the model's; smaller is "
        f"better. {panels_words(info.panels)}Solid: samples from the prior; dashed: reconstructions of validation "
        f"images. {info.protocol} {seeds_words(info.panels)}"
    )


FIGURE = FigureKind("Fréchet distance", infos, draw, caption, "no Fréchet distance was measured")
