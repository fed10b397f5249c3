"""Reconstruction error against dim(z): Fig. 3 of "Impact of the latent space", with the optimiser's floor."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from matplotlib.figure import Figure

from analysis.drawing.style import LineStyle, arm_colours
from analysis.drawing.trade_off import TradeOff, draw_trade_off, lowest_shown, panels_words, seeds_words
from analysis.figures.base import FigureKind, Tabulated
from analysis.results import Results, Value
from analysis.statistics.curves import Panel, panels
from analysis.text.protocol import reconstruction_protocol
from raysweep.study.measures.reconstruction import Reconstruction
from raysweep.study.solvers import Solver

PARTS: dict[str, tuple[LineStyle, str]] = {
    "train": ("-", "training images"),
    "validation": ("--", "validation images"),
    "inverted": ("-.", "training images, decoder inverted"),
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
    """The mean over images in each trial, then over seeds.

    A measure that inverts decoders is shown with the one that inverts generators by the same solver, if there is one.
    """
    measures = [measure for measure in results.measures("reconstruction") if isinstance(measure, Reconstruction)]
    encoding = [measure for measure in measures if measure.decoder == "encode"]
    found = []
    for measure in measures:
        beside = measure.decoder == "encode"
        if not beside and _budget(measure) in [_budget(other) for other in encoding]:
            continue
        inverting = [m for m in measures if beside and m.decoder == "invert" and _budget(m) == _budget(measure)]
        values = [*_errors(results, measure), *(v for m in inverting for v in _of_decoders(_errors(results, m)))]
        shown = panels(results, [value for value in values if value.part in PARTS])
        protocol = " ".join(reconstruction_protocol(results, m) for m in (measure, *inverting))
        found.append(ReconstructionError(measure.name, shown, protocol, arm_colours(results)))
    return tuple(found)


def _budget(measure: Reconstruction) -> tuple[Solver, float | None, int]:
    return measure.solver, measure.recover, measure.doublings


def _errors(results: Results, measure: Reconstruction) -> tuple[Value, ...]:
    return results.means(results.rows(measure), "mse")


def _of_decoders(values: Sequence[Value]) -> list[Value]:
    """The errors on training images, as a part of their own, and the floor, which encoders have not."""
    inverted = [replace(value, part="inverted") for value in values if value.part == "train"]
    return inverted + [value for value in values if value.part == "generated"]


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
    decoders = (
        " Dash-dotted: training images again, where an encoder is set aside and the decoder is inverted as generators "
        "are."
        if any(curve.part == "inverted" for panel in info.panels for curve in panel.curves)
        else ""
    )
    ends = lowest_shown(info.panels)
    cut = (
        " What lies below a tenth of the smallest error is cut off."
        if any((curve.low < ends).any() for panel in info.panels for curve in panel.curves)
        else ""
    )
    return (
        "Squared error per pixel value, pixels in [−1, 1], averaged over images in each trial; logarithmic axes. "
        f"{panels_words(info.panels)}Solid: training images; dashed: validation images.{decoders}{floor}{cut} "
        f"{info.protocol} {seeds_words(info.panels)}"
    )


FIGURE = FigureKind(
    "reconstruction_error",
    "Reconstruction error",
    infos,
    draw,
    caption,
    "no reconstruction was measured",
    place=10,
    numbers=(Tabulated("Squared error", "reconstruction", partial(Results.means, column="mse")),),
)
