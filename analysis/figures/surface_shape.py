"""How benign loss surfaces are, against dim(z): what Fig. 2 of "Impact of the latent space" shows, as numbers."""

from collections.abc import Mapping
from dataclasses import dataclass

from matplotlib.figure import Figure

from analysis.drawing.style import LineStyle, arm_colours
from analysis.drawing.trade_off import Level, TradeOff, draw_multiples, panels_words, seeds_words
from analysis.figures.base import FigureKind
from analysis.figures.loss_surface import DIRECTIONS
from analysis.results import Results
from analysis.statistics.curves import Panel, panels
from analysis.statistics.surfaces import BUMP, surface_shapes
from analysis.text.protocol import counts_words
from analysis.text.words import percent
from raysweep.study.measures.loss_surface import LossSurface

PARTS: dict[str, tuple[LineStyle, str]] = {
    "generated": ("-", "generated images"),
    "train": ("--", "training images"),
    "validation": (":", "validation images"),
}


@dataclass(frozen=True)
class SurfaceShapes:
    """Two numbers of each arm, for one measure."""

    measure: str
    minima: tuple[Panel, ...]
    falling: tuple[Panel, ...]
    direction: str
    protocol: str
    colours: Mapping[str, str]


def infos(results: Results) -> tuple[SurfaceShapes, ...]:
    """Of each trial and kind of target the means over surfaces, then the means over seeds."""
    found = []
    for measure in results.measures("loss_surface"):
        assert isinstance(measure, LossSurface)
        shapes = surface_shapes(results, measure)
        found.append(
            SurfaceShapes(
                measure.name,
                panels(results, shapes["minima"]),
                panels(results, shapes["falling"]),
                measure.direction,
                f"{counts_words(shapes['minima'], 'surface')} of each trial.",
                arm_colours(results),
            )
        )
    return tuple(found)


def draw(info: SurfaceShapes, figure: Figure) -> None:
    """Each number from zero up."""
    one = (Level(1.0, "a benign surface"),)
    contents = [
        TradeOff(info.minima, "minima of a surface", PARTS, False, info.colours, one),
        TradeOff(info.falling, "share whose straight\npath only falls", PARTS, False, info.colours, one),
    ]
    draw_multiples(contents, figure)


def caption(info: SurfaceShapes) -> str:
    """What is counted, and its protocol."""
    return (
        "Minima of the inversion's loss inside the square |a|, |b| ≤ 2 of the plane z = aα + bβ around a target, with "
        f"α = z* and {DIRECTIONS[info.direction]}; and share of surfaces that only fall on the straight way from "
        "z = 0 to z*. A benign surface has one minimum, and falls. Minima and rises of less than "
        f"{percent(BUMP)} of the loss at z = 0 are not counted. A plane shows few of many dimensions: other minima off "
        f"it are not seen. {panels_words(info.minima)}{info.protocol} {seeds_words(info.minima)}"
    )


FIGURE = FigureKind(
    "surface_shape", "Shape of loss surfaces", infos, draw, caption, "no loss surface was measured", place=350
)
