"""Whether the optimiser can be trusted: the share of generated images that the inversion finds again."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd
from matplotlib.figure import Figure

from analysis.curves import Panel, panels
from analysis.figures.base import FigureKind
from analysis.figures.trade_off import TradeOff, draw_trade_off, panels_words, seeds_words
from analysis.protocol import reconstruction_protocol
from analysis.results import Results
from analysis.style import LineStyle, arm_colours
from analysis.words import setting
from raysweep.study.measures.reconstruction import RECOVERED

PARTS: dict[str, tuple[LineStyle, str]] = {"generated": ("-", "recovered")}


@dataclass(frozen=True)
class Recovered:
    """Shares of each arm that is inverted along the axes, for one measure."""

    measure: str
    panels: tuple[Panel, ...]
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
        found.append(
            Recovered(
                measure.name,
                panels(results, results.means(rows, "recovered")),
                float(rows["signal"].iloc[0]),
                reconstruction_protocol(results, measure),
                arm_colours(results),
            )
        )
    return tuple(found)


def recoveries(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of generated images, with whether each was recovered."""
    rows = rows[rows["part"] == "generated"]
    return rows.assign(recovered=rows["mse"] < RECOVERED * rows["signal"])


def draw(info: Recovered, figure: Figure) -> None:
    """From none to all of the images."""
    draw_trade_off(TradeOff(info.panels, "share recovered", PARTS, False, info.colours), figure)


def caption(info: Recovered) -> str:
    """What is shown, and its protocol."""
    return (
        "The optimiser's own success: the share of images that a model generated from known latents and that inversion "
        f"finds again, which is to an error below {setting(RECOVERED)} of the signal. The signal, "
        f"{setting(info.signal)}, is the mean squared deviation of training images from their mean image, per pixel "
        "value. Where the share is not 1, errors on other images may be the optimiser's and not the model's. "
        f"{panels_words(info.panels)}{info.protocol} {seeds_words(info.panels)}"
    )


FIGURE = FigureKind("Generated images recovered", infos, draw, caption, "no generated images were inverted")
