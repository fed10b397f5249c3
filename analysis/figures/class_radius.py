"""Class radius against dim(z), λ and c: the looseness of "Looser is Worse", Definition 2.5."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd
from matplotlib.figure import Figure

from analysis.drawing.style import LineStyle, arm_colours
from analysis.drawing.trade_off import TradeOff, draw_trade_off, panels_words, seeds_words
from analysis.figures.base import FigureKind, Tabulated
from analysis.results import Results
from analysis.statistics.class_radius import bracket
from analysis.statistics.curves import Panel, panels
from analysis.text.protocol import radius_protocol
from analysis.text.words import listing, number, percent, plural

PARTS: dict[str, tuple[LineStyle, str]] = {
    "samples": ("-", "upper estimate, by search"),
    "lower": (":", "lower bound"),
}


SOURCES = {
    "exact": "exact, in closed form,",
    "grid": "by a grid, in which a small region of a class can slip between the points,",
    "certified": "proved from linear bounds of the layers",
}
"""What a lower bound is from, by the column `lower_by`."""


@dataclass(frozen=True)
class ClassRadii:
    """Class radius of each arm along the axes, for one measure."""

    measure: str
    panels: tuple[Panel, ...]
    bounds: str
    """What the lower bounds are from, and where there are none."""
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
            panels=panels(results, bracket(results, rows := results.rows(measure))),
            bounds=bounds_words(rows),
            protocol=radius_protocol(results, measure),
            colours=arm_colours(results),
            samples=len(rows),
            censored=int((rows["status"] == "censored").sum()),
        )
        for measure in results.measures("class_radius")
    )


def bounds_words(rows: pd.DataFrame) -> str:
    """What the lower bounds are from, how far below the upper estimates they are, and where there are none, and why."""
    words = []
    for source, own in rows.groupby("lower_by"):
        models = plural(own["trial"].nunique(), "model")
        means = own[own["status"] == "found"].groupby("trial")[["lower", "radius"]].mean()
        if str(source).startswith("none: "):
            words.append(f"none for {models} ({str(source).removeprefix('none: ')})")
        elif means.empty:
            words.append(f"{SOURCES[str(source)]} for {models}")
        else:
            share = percent(float((means["lower"] / means["radius"]).median()))
            words.append(f"{SOURCES[str(source)]} for {models}, in the median {share} of the upper estimate")
    return f"Lower bounds: {listing(words)}."


def draw(info: ClassRadii, figure: Figure) -> None:
    """Logarithmic dim(z); the radius from zero up."""
    draw_trade_off(TradeOff(info.panels, "class radius ‖z − z′‖", PARTS, False, info.colours), figure)


def caption(info: ClassRadii) -> str:
    """What is shown, its protocol, and what was censored."""
    censored = (
        f" In all, {number(info.censored)} of {plural(info.samples, 'prior sample')} are censored in this way; points "
        "that they concern are hollow, with their share beside them. There they count with the largest radius found in "
        "their model, so the upper estimate itself is larger, and infinite if they have no other class."
        if info.censored
        else ""
    )
    return (
        "Mean distance from a prior sample z to the nearest latent z′ found whose image the classifier puts in "
        f"another class; smaller is tighter. {info.bounds} {panels_words(info.panels)}{info.protocol}{censored} "
        f"{seeds_words(info.panels)}"
    )


FIGURE = FigureKind(
    "class_radius",
    "Class radius",
    infos,
    draw,
    caption,
    "no class radius was measured",
    place=90,
    numbers=(Tabulated("Class radius", "class_radius", bracket),),
)
