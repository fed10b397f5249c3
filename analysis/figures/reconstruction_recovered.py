"""Whether the optimiser can be trusted: generated images found again, and searches from other starts that agree."""

from collections.abc import Mapping
from dataclasses import dataclass

from matplotlib.figure import Figure

from analysis.drawing.style import LineStyle, arm_colours
from analysis.drawing.trade_off import TradeOff, draw_multiples, draw_trade_off, panels_words, seeds_words
from analysis.figures.base import FigureKind, Tabulated
from analysis.results import Results
from analysis.statistics.curves import Panel, panels
from analysis.statistics.reconstruction import ALIKE, recoveries, repetitions
from analysis.text.protocol import counts_words, reconstruction_protocol
from analysis.text.words import number, percent, setting
from raysweep.study.measures.reconstruction import RECOVERED

PARTS: dict[str, tuple[LineStyle, str]] = {
    "train": ("-", "training images"),
    "validation": ("--", "validation images"),
    "generated": (":", "generated images"),
}


@dataclass(frozen=True)
class Recovered:
    """Shares of each arm that is inverted along the axes, for one measure."""

    measure: str
    panels: tuple[Panel, ...]
    alike: tuple[Panel, ...]
    """Of images whose inversion was repeated, the share that ended alike; empty where none was."""
    repeated: str
    """How many images of which parts those are."""
    signal: float
    """Mean squared deviation of training images from their mean image, per pixel value."""
    protocol: str
    colours: Mapping[str, str]


def infos(results: Results) -> tuple[Recovered, ...]:
    """The share in each trial, then the mean over seeds; none where no images were generated for inversion."""
    found = []
    for measure in results.measures("reconstruction"):
        rows = recoveries(results.rows(measure))
        if rows.empty:
            continue
        repeated = results.means(repetitions(results.rows(measure)), "alike")
        found.append(
            Recovered(
                measure.name,
                panels(results, results.means(rows, "recovered")),
                panels(results, repeated) if repeated else (),
                counts_words(repeated, "image") if repeated else "",
                float(rows["signal"].iloc[0]),
                reconstruction_protocol(results, measure),
                arm_colours(results),
            )
        )
    return tuple(found)


def draw(info: Recovered, figure: Figure) -> None:
    """From none to all of the images; generated images dotted, as elsewhere."""
    recovered = TradeOff(info.panels, "share recovered", PARTS, False, info.colours)
    if info.alike:
        draw_multiples([recovered, TradeOff(info.alike, "share ending alike", PARTS, False, info.colours)], figure)
    else:
        draw_trade_off(recovered, figure)


def caption(info: Recovered) -> str:
    """What is shown, and its protocol."""
    alike = (
        f"Share ending alike: {info.repeated} of each trial were inverted a second time, by the same solver from as "
        "many prior samples in place of its own starts; alike are those whose two errors differ by at most "
        f"{percent(ALIKE)} or are both below that threshold. "
        if info.alike
        else ""
    )
    return (
        "The optimiser's own success: the share of images that a model generated from known latents and that inversion "
        f"finds again, which is to an error below {setting(RECOVERED)} of the signal. The signal, "
        f"{number(info.signal)}, is the mean squared deviation of training images from their mean image, per pixel "
        "value. Where the share is not 1, errors on other images may be the optimiser's and not the model's. "
        f"{alike}{panels_words(info.panels)}{info.protocol} {seeds_words(info.panels)}"
    )


FIGURE = FigureKind(
    "reconstruction_recovered",
    "Generated images recovered",
    infos,
    draw,
    caption,
    "no generated images were inverted",
    place=20,
    numbers=(
        Tabulated(
            "Share recovered", "reconstruction", lambda results, rows: results.means(recoveries(rows), "recovered")
        ),
    ),
)
