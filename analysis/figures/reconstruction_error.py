"""Reconstruction error against dim(z): Fig. 3 of "Impact of the latent space", with the optimiser's floor."""

import pandas as pd

from analysis.drawing.trade_off import lowest_shown
from analysis.figures.curve_figure import Curves, Quantity, curve_figure
from analysis.results import Results
from analysis.text.protocol import reconstruction_protocol
from raysweep.study.measures import MeasureSettings
from raysweep.study.measures.reconstruction import Reconstruction
from raysweep.study.solvers import Solver


def _rows(results: Results, measure: MeasureSettings) -> list[pd.DataFrame]:
    """The rows of a measure that encodes images, with those of the measures that invert the same decoders.

    Of the latter, these are training images, as a part of their own, and the optimiser's floor, which encoders do not
    have. Such a measure is not shown again by itself.
    """
    if _encoding(results, measure):
        return []
    tables = [results.rows(measure)]
    for inverting in (results.rows(other) for other in _inverting(results, measure)):
        train = inverting[inverting["part"] == "train"]
        tables += [train.assign(part="inverted"), inverting[inverting["part"] == "generated"]]
    return tables


def _encoding(results: Results, measure: MeasureSettings) -> list[MeasureSettings]:
    """Of a measure that inverts decoders: those by the same solver that encode in their place."""
    return _of_same_solver(results, measure, "invert", "encode")


def _inverting(results: Results, measure: MeasureSettings) -> list[MeasureSettings]:
    """Of a measure that encodes: those by the same solver that invert decoders."""
    return _of_same_solver(results, measure, "encode", "invert")


def _of_same_solver(results: Results, measure: MeasureSettings, own: str, others: str) -> list[MeasureSettings]:
    assert isinstance(measure, Reconstruction)
    if measure.decoder != own:
        return []
    found = [other for other in results.measures("reconstruction") if isinstance(other, Reconstruction)]
    return [other for other in found if other.decoder == others and _budget(other) == _budget(measure)]


def _budget(measure: Reconstruction) -> tuple[Solver, float | None, int]:
    return measure.solver, measure.recover, measure.doublings


def _words(curves: Curves) -> tuple[str, str]:
    floor = (
        " Dotted, the optimiser's floor: the error left on images that the generator made itself, whose true error is "
        "zero, so that it is the inversion's own failure; an error near its floor says little about the model."
        if "generated" in curves.parts
        else ""
    )
    decoders = (
        " Dash-dotted: training images again, where an encoder is set aside and the decoder is inverted as generators "
        "are."
        if "inverted" in curves.parts
        else ""
    )
    ends = lowest_shown(curves.panels)
    cut = (
        " What lies below a tenth of the smallest error is cut off."
        if any((curve.low < ends).any() for panel in curves.panels for curve in panel.curves)
        else ""
    )
    measures = (curves.settings, *_inverting(curves.results, curves.settings))
    return (
        "Squared error per pixel value, pixels in [−1, 1], averaged over images in each trial; logarithmic axes.",
        f"Solid: training images; dashed: validation images.{decoders}{floor}{cut} "
        f"{' '.join(reconstruction_protocol(curves.results, measure) for measure in measures)}",
    )


FIGURE = curve_figure(
    "reconstruction_error",
    "Reconstruction error",
    "reconstruction",
    [Quantity("mean squared error per pixel value", "mse", logarithmic=True, tabulated="Squared error")],
    {
        "train": ("-", "training images"),
        "validation": ("--", "validation images"),
        "inverted": ("-.", "training images, decoder inverted"),
        "generated": (":", "optimiser's floor"),
    },
    _words,
    "no reconstruction was measured",
    place=10,
    rows=_rows,
)
