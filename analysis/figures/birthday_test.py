"""Support size from near duplicates among samples, by dim(z): the birthday-paradox test."""

import math
from functools import partial

import pandas as pd

from analysis.drawing.trade_off import Level
from analysis.figures.curve_figure import Curves, Quantity, curve_figure
from analysis.results import Results, Value
from analysis.statistics.quality import support_sizes
from analysis.text.protocol import SPACES
from analysis.text.words import bounds, number, setting, span
from raysweep.study.measures import MeasureSettings


def _squared_batches(results: Results, rows: pd.DataFrame) -> tuple[Value, ...]:
    """The square of the smallest size at which half of the batches have a duplicate."""
    return support_sizes(results, rows.assign(squared_batch=rows["batch"] ** 2), "squared_batch")


def _control(column: str, power: int, results: Results, measure: MeasureSettings) -> Level | None:
    """What held-out images score, if they have any duplicate."""
    value = math.prod([float(results.rows(measure)[column].iloc[0])] * power)  # `**` raises where numbers overflow
    return Level(value, "held-out images") if math.isfinite(value) else None


def _words(curves: Curves) -> tuple[str, str]:
    first = curves.rows.iloc[0]
    return (
        "How many equally likely images would have as many near duplicates among as many samples: pairs over "
        "duplicates; and the square of the smallest size at which half of the batches of samples have a duplicate "
        "(Arora, Risteski and Zhang, 2018), which is about 1.4 times as large where images are equally likely. A "
        "support below that of held-out images is a lack of diversity. Models without any duplicate are censored: "
        "their support is infinite.",
        f"{span(map(int, curves.rows['samples']))} samples of each model. Near duplicates are nearer in "
        f"{SPACES[first['features']]} than the nearest {setting(100 * float(first['rate']))} % of the pairs "
        f"of {number(int(first['calibration_images']))} validation images. The control (grey), "
        f"{number(int(first['control_images']))} others, has {number(int(first['control_duplicates']))} "
        f"duplicates and a support of {number(float(first['control_support']))} "
        f"{bounds(float(first['control_support_low']), float(first['control_support_high']))}.",
    )


FIGURE = curve_figure(
    "birthday_test",
    "Birthday test",
    "birthday_test",
    [
        Quantity(
            "support size",
            support_sizes,
            partial(_control, "control_support", 1),
            logarithmic=True,
            tabulated="Support size",
        ),
        Quantity(
            "(batch with a duplicate)²", _squared_batches, partial(_control, "control_batch", 2), logarithmic=True
        ),
    ],
    {"samples": ("-", "samples")},
    _words,
    "near duplicates were not counted",
    place=80,
)
