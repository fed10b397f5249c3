"""How benign loss surfaces are, against dim(z): what Fig. 2 of "Impact of the latent space" shows, as numbers."""

from functools import partial

from analysis.drawing.trade_off import Level
from analysis.figures.curve_figure import Curves, Quantity, curve_figure
from analysis.figures.loss_surface import DIRECTIONS
from analysis.statistics.surfaces import BUMP, surface_means
from analysis.text.protocol import counts_words
from analysis.text.words import percent
from raysweep.study.measures.loss_surface import LossSurface

ONE = Level(1.0, "a benign surface")


def _words(curves: Curves) -> tuple[str, str]:
    assert isinstance(curves.settings, LossSurface)
    return (
        "Minima of the inversion's loss inside the square |a|, |b| ≤ 2 of the plane z = aα + bβ around a target, with "
        f"α = z* and {DIRECTIONS[curves.settings.direction]}; and share of surfaces that only fall on the straight way "
        "from z = 0 to z*. A benign surface has one minimum, and falls. Minima and rises of less than "
        f"{percent(BUMP)} of the loss at z = 0 are not counted. A plane shows few of many dimensions: other minima off "
        "it are not seen.",
        f"{counts_words(curves.values[0], 'surface')} of each trial.",
    )


FIGURE = curve_figure(
    "surface_shape",
    "Shape of loss surfaces",
    "loss_surface",
    [
        Quantity("minima of a surface", partial(surface_means, lambda surface: len(surface.minima)), ONE),
        Quantity("share whose straight\npath only falls", partial(surface_means, lambda surface: surface.falls), ONE),
    ],
    {
        "generated": ("-", "generated images"),
        "train": ("--", "training images"),
        "validation": (":", "validation images"),
    },
    _words,
    "no loss surface was measured",
    place=350,
)
