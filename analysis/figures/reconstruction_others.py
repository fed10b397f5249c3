"""Reconstruction of what no model was trained for: Figs. 7 (another data set) and 8 (noise) of the first paper."""

from functools import partial

import pandas as pd

from analysis.figures.base import FigureKind
from analysis.figures.curve_figure import Curves, Quantity, curve_figure
from analysis.results import Results
from analysis.text.parts import part_words
from analysis.text.protocol import reconstruction_protocol
from raysweep.study.measures import MeasureSettings
from raysweep.study.measures.reconstruction import Reconstruction


def _rows(part: str, results: Results, measure: MeasureSettings) -> list[pd.DataFrame]:
    """All rows of the measure, if it has any of the part."""
    rows = results.rows(measure)
    return [rows] if part in set(rows["part"]) else []


def _foreign(measure: MeasureSettings) -> str:
    assert isinstance(measure, Reconstruction)
    assert measure.foreign is not None
    return (
        f"validation images of another data set, {measure.foreign.kind.replace('_', ' ')}, resized bilinearly "
        "(antialiased) to this one's size"
    )


def _words(part: str, curves: Curves) -> tuple[str, str]:
    noise = "images of independent noise, uniform in [−1, 1]"
    return (
        "Squared error per pixel value, pixels in [−1, 1], averaged over images in each trial; logarithmic axes.",
        f"Solid: training images; dashed: {noise if part == 'noise' else _foreign(curves.settings)}; both found by the "
        f"same solver with the same budget. {reconstruction_protocol(curves.results, curves.settings)}",
    )


def _figure(part: str, title: str, absent: str, place: int) -> FigureKind[Curves]:
    return curve_figure(
        f"reconstruction_{part}",
        title,
        "reconstruction",
        [Quantity("mean squared error per pixel value", "mse", logarithmic=True)],
        {"train": ("-", part_words("train")), part: ("--", part_words(part))},
        partial(_words, part),
        absent,
        place,
        partial(_rows, part),
    )


FOREIGN = _figure("foreign", "Reconstruction of another data set", "no foreign images were reconstructed", place=240)
NOISE = _figure("noise", "Reconstruction of noise", "no noise images were reconstructed", place=250)
