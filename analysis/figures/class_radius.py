"""Class radius against dim(z), λ and c: the looseness of "Looser is Worse", Definition 2.5."""

import pandas as pd

from analysis.figures.curve_figure import Curves, Quantity, curve_figure
from analysis.statistics.class_radius import bracket
from analysis.text.protocol import radius_protocol
from analysis.text.words import listing, number, percent, plural

SOURCES = {
    "exact": "exact, in closed form,",
    "grid": "by a grid, in which a small region of a class can slip between the points,",
    "certified": "proved from linear bounds of the layers",
}
"""What a lower bound is from, by the column `lower_by`."""


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


def _words(curves: Curves) -> tuple[str, str]:
    count = int((curves.rows["status"] == "censored").sum())
    censored = (
        f" In all, {number(count)} of {plural(len(curves.rows), 'prior sample')} are censored in this way; points "
        "that they concern are hollow, with their share beside them. There they count with the largest radius found in "
        "their model, so the upper estimate itself is larger, and infinite if they have no other class."
        if count
        else ""
    )
    return (
        "Mean distance from a prior sample z to the nearest latent z′ found whose image the classifier puts in "
        f"another class; smaller is tighter. {bounds_words(curves.rows)}",
        f"{radius_protocol(curves.results, curves.settings)}{censored}",
    )


FIGURE = curve_figure(
    "class_radius",
    "Class radius",
    "class_radius",
    [Quantity("class radius ‖z − z′‖", bracket, tabulated="Class radius")],
    {"samples": ("-", "upper estimate, by search"), "lower": (":", "lower bound")},
    _words,
    "no class radius was measured",
    place=90,
)
