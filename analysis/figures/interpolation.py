"""How much of the way between two images, or two prior samples, lies off the data, by dim(z)."""

from functools import partial

from analysis.drawing.trade_off import Level
from analysis.figures.curve_figure import Curves, Quantity, curve_figure
from analysis.results import Results
from analysis.text.protocol import SPACES
from analysis.text.words import number, percent, setting, span
from raysweep.study.measures import MeasureSettings


def _held_out(results: Results, measure: MeasureSettings) -> Level:
    return Level(1 - float(results.rows(measure)["quantile"].iloc[0]), "held-out images")


def _words(ends: str, curves: Curves) -> tuple[str, str]:
    first = curves.rows.iloc[0]
    quantile = float(first["quantile"])
    control = (
        " Dotted: the control, a blend of the two images themselves, which no model has part in. Where it scores no "
        "more than held-out images do, distances in this space do not tell a blend from an image."
        if "blend" in curves.parts
        else ""
    )
    return (
        f"Share of the images on the way between {ends} that are farther from the nearest training image than "
        f"{percent(quantile)} of held-out images are; these score {percent(1 - quantile)} (grey). The ends "
        f"count as well, as the model decodes them.{control}",
        f"{span(value.count for value in curves.values[0])} paths of {number(len(first['distances']))} images each, "
        f"ends included. Distances are in {SPACES[first['space']]}, to the nearest of "
        f"{number(int(first['images']))} training images; the threshold is the {setting(quantile)} quantile "
        f"over {number(int(first['held_out']))} validation images.",
    )


OFF = Quantity("share of the path off the data", "off", _held_out)

ENCODINGS = curve_figure(
    "interpolation",
    "Interpolations between images",
    "interpolation",
    [OFF],
    {
        "linear": ("-", "straight, between encodings"),
        "spherical": ("--", "on the sphere, between encodings"),
        "blend": (":", "blend of the two images' pixels"),
    },
    partial(_words, "two held-out images"),
    "no interpolations between encodings were measured",
    place=180,
)
SAMPLES = curve_figure(
    "interpolation_samples",
    "Interpolations between prior samples",
    "interpolation",
    [OFF],
    {"prior": ("-", "on the sphere, between prior samples")},
    partial(_words, "two prior samples"),
    "no interpolations between prior samples were measured",
    place=190,
)
