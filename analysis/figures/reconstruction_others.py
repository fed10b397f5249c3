"""Reconstruction of what no model was trained for: Figs. 7 (another data set) and 8 (noise) of the first paper."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from matplotlib.figure import Figure

from analysis.drawing.style import LineStyle, arm_colours
from analysis.drawing.trade_off import TradeOff, draw_trade_off, panels_words, seeds_words
from analysis.figures.base import FigureKind
from analysis.results import Results
from analysis.statistics.curves import Panel, panels
from analysis.text.parts import part_words
from analysis.text.protocol import reconstruction_protocol
from raysweep.study.measures import MeasureSettings
from raysweep.study.measures.reconstruction import Reconstruction


@dataclass(frozen=True)
class OtherTargets:
    """Errors on the images of a part beside those on training images, for one measure."""

    measure: str
    part: str
    panels: tuple[Panel, ...]
    what: str
    """What the images of the part are."""
    protocol: str
    colours: Mapping[str, str]


def infos(results: Results, part: str) -> tuple[OtherTargets, ...]:
    """The mean over images in each trial, then over seeds; none where the part was not measured."""
    found = []
    for measure in results.measures("reconstruction"):
        values = results.means(results.rows(measure), "mse")
        if any(value.part == part for value in values):
            shown = panels(results, [value for value in values if value.part in {"train", part}])
            protocol = reconstruction_protocol(results, measure)
            found.append(OtherTargets(measure.name, part, shown, _what(measure, part), protocol, arm_colours(results)))
    return tuple(found)


def _what(measure: MeasureSettings, part: str) -> str:
    if part == "noise":
        return "images of independent noise, uniform in [−1, 1]"
    assert isinstance(measure, Reconstruction)
    assert measure.foreign is not None
    return (
        f"validation images of another data set, {measure.foreign.kind.replace('_', ' ')}, resized bilinearly "
        "(antialiased) to this one's size"
    )


def draw(info: OtherTargets, figure: Figure) -> None:
    """Log-log axes."""
    styles: dict[str, tuple[LineStyle, str]] = {
        "train": ("-", part_words("train")),
        info.part: ("--", part_words(info.part)),
    }
    draw_trade_off(TradeOff(info.panels, "mean squared error per pixel value", styles, True, info.colours), figure)


def caption(info: OtherTargets) -> str:
    """What is shown, and its protocol."""
    return (
        "Squared error per pixel value, pixels in [−1, 1], averaged over images in each trial; logarithmic axes. "
        f"{panels_words(info.panels)}Solid: training images; dashed: {info.what}; both found by the same solver with "
        f"the same budget. {info.protocol} {seeds_words(info.panels)}"
    )


def _of(part: str) -> Callable[[Results], tuple[OtherTargets, ...]]:
    return lambda results: infos(results, part)


FOREIGN = FigureKind(
    "reconstruction_foreign",
    "Reconstruction of another data set",
    _of("foreign"),
    draw,
    caption,
    "no foreign images were reconstructed",
    place=240,
)
NOISE = FigureKind(
    "reconstruction_noise",
    "Reconstruction of noise",
    _of("noise"),
    draw,
    caption,
    "no noise images were reconstructed",
    place=250,
)
