"""Class radius against dim(z), λ and c: the looseness of "Looser is Worse", Definition 2.5."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from analysis.curves import Panel, panels
from analysis.figures.base import FigureKind
from analysis.figures.trade_off import TradeOff, draw_trade_off, panels_words, seeds_words
from analysis.protocol import radius_protocol
from analysis.results import Results, Value
from analysis.style import LineStyle, arm_colours
from analysis.words import number, percent, plural

PARTS: dict[str, tuple[LineStyle, str]] = {"samples": ("-", "prior samples")}


@dataclass(frozen=True)
class ClassRadii:
    """Class radius of each arm along the axes, for one measure."""

    measure: str
    panels: tuple[Panel, ...]
    protocol: str
    colours: Mapping[str, str]
    samples: int
    """Prior samples, in all trials."""
    censored: int
    """Prior samples for which no other class was found."""


def infos(results: Results) -> tuple[ClassRadii, ...]:
    """The mean over prior samples in each trial, then over seeds."""
    return tuple(
        ClassRadii(
            measure=measure.name,
            panels=panels(results, radii(results, rows := results.rows(measure))),
            protocol=radius_protocol(results, measure),
            colours=arm_colours(results),
            samples=len(rows),
            censored=int((rows["status"] == "censored").sum()),
        )
        for measure in results.measures("class_radius")
    )


def radii(results: Results, rows: pd.DataFrame) -> tuple[Value, ...]:
    """Each trial's mean over the prior samples for which another class was found, and the share for which none was."""
    values = []
    for trial in results.trials:
        own = rows[rows["trial"] == trial.id]
        if len(own):
            found = own.loc[own["status"] == "found", "radius"].to_numpy()
            mean = float(np.mean(found)) if len(found) else math.nan
            values.append(Value(trial, "samples", mean, len(own), censored=1 - len(found) / len(own)))
    return tuple(values)


def draw(info: ClassRadii, figure: Figure) -> None:
    """Logarithmic dim(z); the radius from zero up."""
    draw_trade_off(TradeOff(info.panels, "class radius ‖z − z′‖", PARTS, False, info.colours), figure)


def caption(info: ClassRadii) -> str:
    """What is shown, its protocol, and what was censored."""
    censored = (
        f"For {number(info.censored)} of {plural(info.samples, 'prior sample')} "
        f"({percent(info.censored / info.samples)}) no other class was found; points that they concern are hollow, "
        "with their share beside them, and are means over the other samples only, so the class radius itself, which "
        "is infinite there, is not what they show."
        if info.censored
        else f"Another class was found for every one of the {plural(info.samples, 'prior sample')}: none is censored."
    )
    return (
        "Mean distance from a prior sample z to the nearest latent z′ found whose image the classifier puts in "
        f"another class; smaller is tighter. {panels_words(info.panels)}{info.protocol} {censored} "
        f"{seeds_words(info.panels)}"
    )


FIGURE = FigureKind("Class radius", infos, draw, caption, "no class radius was measured")
