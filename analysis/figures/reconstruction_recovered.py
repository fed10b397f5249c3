"""Whether the optimiser can be trusted: generated images found again, and searches from other starts that agree."""

import pandas as pd

from analysis.figures.curve_figure import Curves, Quantity, curve_figure
from analysis.results import Results, Value
from analysis.statistics.reconstruction import ALIKE, recoveries, repetitions
from analysis.text.protocol import counts_words, reconstruction_protocol
from analysis.text.words import number, percent, setting
from raysweep.study.measures.reconstruction import RECOVERED


def _recovered(results: Results, rows: pd.DataFrame) -> tuple[Value, ...]:
    return results.means(recoveries(rows), "recovered")


def _alike(results: Results, rows: pd.DataFrame) -> tuple[Value, ...]:
    return results.means(repetitions(rows), "alike")


def _words(curves: Curves) -> tuple[str, str]:
    _, *repeated = curves.values
    alike = (
        f" Share ending alike: {counts_words(repeated[0], 'image')} of each trial were inverted a second time, by the "
        "same solver from as many prior samples in place of its own starts; alike are those whose two errors differ by "
        f"at most {percent(ALIKE)} or are both below that threshold."
        if repeated
        else ""
    )
    signal = float(recoveries(curves.rows)["signal"].iloc[0])
    return (
        "The optimiser's own success: the share of images that a model generated from known latents and that inversion "
        f"finds again, which is to an error below {setting(RECOVERED)} of the signal. The signal, "
        f"{number(signal)}, is the mean squared deviation of training images from their mean image, per pixel "
        "value. Where the share is not 1, errors on other images may be the optimiser's and not the model's."
        f"{alike}",
        reconstruction_protocol(curves.results, curves.settings),
    )


FIGURE = curve_figure(
    "reconstruction_recovered",
    "Generated images recovered",
    "reconstruction",
    [
        Quantity("share recovered", _recovered, tabulated="Share recovered"),
        Quantity("share ending alike", _alike),
    ],
    {
        "train": ("-", "training images"),
        "validation": ("--", "validation images"),
        "generated": (":", "generated images"),
    },
    _words,
    "no generated images were inverted",
    place=20,
)
