"""Reconstruction error against dim(z): Fig. 3 of "Impact of the latent space", with the optimiser's floor."""

from collections.abc import Mapping
from dataclasses import dataclass

from matplotlib.figure import Figure

from analysis.curves import Panel, panels
from analysis.figures.base import FigureKind
from analysis.figures.trade_off import TradeOff, draw_trade_off, lowest_shown, panels_words, seeds_words
from analysis.protocol import reconstruction_protocol
from analysis.results import Results
from analysis.style import LineStyle, arm_colours

PARTS: dict[str, tuple[LineStyle, str]] = {
    "train": ("-", "training images"),
    "validation": ("--", "validation images"),
    "generated": (":", "optimiser's floor"),
}


@dataclass(frozen=True)
class ReconstructionError:
    """Mean squared error of each arm along the axes, for one measure."""

    measure: str
    panels: tuple[Panel, ...]
    protocol: str
    colours: Mapping[str, str]


def infos(results: Results) -> tuple[ReconstructionError, ...]:
    """The mean over images in each trial, then over seeds."""
    return tuple(
        ReconstructionError(
            measure.name,
            panels(results, [v for v in results.means(results.rows(measure), "mse") if v.part in PARTS]),
            reconstruction_protocol(results, measure),
            arm_colours(results),
        )
        for measure in results.measures("reconstruction")
    )


def draw(info: ReconstructionError, figure: Figure) -> None:
    """Log-log axes as in the paper."""
    label = "mean squared error per pixel value"
    draw_trade_off(TradeOff(info.panels, label, PARTS, True, info.colours), figure)


def caption(info: ReconstructionError) -> str:
    """What is shown, and its protocol."""
    floor = (
        " Dotted, the optimiser's floor: the error left on images that the generator made itself, whose true error is "
        "zero, so that it is the inversion's own failure; an error near its floor says little about the model."
        if any(curve.part == "generated" for panel in info.panels for curve in panel.curves)
        else ""
    )
    ends = lowest_shown(info.panels)
    cut = (
        " What lies below a hundredth of the smallest error is cut off."
        if any((curve.low < ends).any() for panel in info.panels for curve in panel.curves)
        else ""
    )
    return (
        "Squared error per pixel value, pixels in [−1, 1], averaged over images in each trial; logarithmic axes. "
        f"{panels_words(info.panels)}Solid: training images; dashed: validation images.{floor}{cut} {info.protocol} "
        f"{seeds_words(info.panels)}"
    )


FIGURE = FigureKind("Reconstruction error", infos, draw, caption, "no reconstruction was measured")
