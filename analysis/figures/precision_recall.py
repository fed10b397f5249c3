"""Precision, recall, density and coverage against dim(z)."""

from functools import partial

from analysis.drawing.trade_off import Level
from analysis.figures.curve_figure import OF_MODELS, OF_MODELS_WORDS, Curves, Quantity, curve_figure
from analysis.results import Results
from analysis.statistics.quality import QUANTITIES
from analysis.text.protocol import held_out_words, quality_protocol
from raysweep.study.measures import MeasureSettings


def _held_out(name: str, results: Results, measure: MeasureSettings) -> Level:
    first = results.rows(measure).iloc[0]
    return Level(float(first[f"held_out_{name}"]), held_out_words(measure, int(first["held_out_images"])))


def _words(curves: Curves) -> tuple[str, str]:
    first = curves.rows.iloc[0]
    k, density_k = int(first["neighbours"]), int(first["density_neighbours"])
    return (
        "Precision: share of the model's images in a ball around a real one that reaches to its nearest real "
        f"neighbour but {k - 1}; recall: share of real images in such balls around the model's (k = {k}; Kynkäänniemi "
        "et al. 2019, but in these features). Density: how many balls around real images hold an image of the model's, "
        f"over k; coverage: share of these balls that hold any (k = {density_k}; Naeem et al. 2020). Larger is better.",
        f"{OF_MODELS_WORDS}; grey: what {curves.contents[0].levels[0].words} score. "
        f"{quality_protocol(curves.results, curves.settings)} All four depend on the counts.",
    )


FIGURE = curve_figure(
    "precision_recall",
    "Precision, recall, density and coverage",
    "precision_recall",
    [Quantity(name, name, partial(_held_out, name), tabulated=name.capitalize()) for name in QUANTITIES],
    OF_MODELS,
    _words,
    "no precision and recall were measured",
    place=60,
)
