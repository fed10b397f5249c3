"""How near generated images lie to training images, against held-out ones, by dim(z)."""

from functools import partial

import pandas as pd

from analysis.drawing.trade_off import Level
from analysis.figures.curve_figure import OF_MODELS, OF_MODELS_WORDS, Curves, Quantity, curve_figure
from analysis.results import Results, Value
from analysis.text.protocol import SPACES
from analysis.text.words import listing, number, percent, span
from raysweep.study.measures import MeasureSettings

AXES = {"pixels": "pixels", "lenet": "LeNet features", "inception": "Inception features"}
"""Names of the spaces on axes."""


def _ratios(space: str, results: Results, rows: pd.DataFrame) -> tuple[Value, ...]:
    """Median distance to the nearest training image, over that of held-out images."""
    ratios = rows.assign(ratio=rows["median_distance"] / rows["held_out_median_distance"])
    return results.means(ratios[rows["space"] == space], "ratio")


def _shares(space: str, results: Results, rows: pd.DataFrame) -> tuple[Value, ...]:
    """Share of images nearer than the quantile of held-out images."""
    return results.means(rows[rows["space"] == space], "near_share")


def _quantile(results: Results, measure: MeasureSettings) -> Level:
    return Level(float(results.rows(measure)["quantile"].iloc[0]), "held-out images")


def _words(curves: Curves) -> tuple[str, str]:
    rows = curves.rows
    near = percent(float(rows["quantile"].iloc[0]))
    spaces = listing([words for space, words in SPACES.items() if space in set(rows["space"])])
    return (
        "Distance from an image to the nearest training image: its median over the model's images as a ratio to that "
        "of held-out images; and the share of the model's images that are nearer to a training image than the nearest "
        f"{near} of held-out images are. In {spaces}. A "
        "model that copies training images has a ratio of 0 and a share of 100 %; one that draws new images has 1 and "
        f"{near} (grey). In pixels, blurred images too are near, without being copies.",
        f"{OF_MODELS_WORDS}. {span(int(count) for count in rows['samples'])} images of each model and "
        f"{number(int(rows['held_out_images'].iloc[0]))} validation images, each against all "
        f"{number(int(rows['training_images'].iloc[0]))} training images.",
    )


FIGURE = curve_figure(
    "memorisation",
    "Memorisation",
    "memorisation",
    [
        *(
            Quantity(f"distance ratio,\n{words}", partial(_ratios, space), Level(1.0, "held-out images"))
            for space, words in AXES.items()
        ),
        *(
            Quantity(f"share of near images,\n{words}", partial(_shares, space), _quantile)
            for space, words in AXES.items()
        ),
    ],
    OF_MODELS,
    _words,
    "memorisation was not measured",
    place=70,
)
