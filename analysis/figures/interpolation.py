"""How much of the way between two images, or two prior samples, lies off the data, by dim(z)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from matplotlib.figure import Figure

from analysis.drawing.style import LineStyle, arm_colours
from analysis.drawing.trade_off import Level, TradeOff, draw_trade_off, panels_words, seeds_words
from analysis.figures.base import FigureKind
from analysis.results import Results
from analysis.statistics.curves import Panel, panels
from analysis.text.words import number, percent, setting, span

Parts = Mapping[str, tuple[LineStyle, str]]

BETWEEN_ENCODINGS: Parts = {
    "linear": ("-", "straight, between encodings"),
    "spherical": ("--", "on the sphere, between encodings"),
    "blend": (":", "blend of the two images' pixels"),
}
BETWEEN_SAMPLES: Parts = {"prior": ("-", "on the sphere, between prior samples")}

SPACES = {"pixels": "pixels", "lenet": "the features of a LeNet trained on this data set"}


@dataclass(frozen=True)
class OffShares:
    """Share of the paths off the data, of each arm along the axes, for one measure."""

    measure: str
    panels: tuple[Panel, ...]
    parts: Parts
    quantile: float
    protocol: str
    colours: Mapping[str, str]


def _infos(parts: Parts, results: Results) -> tuple[OffShares, ...]:
    """The mean over the paths of each trial, then over seeds."""
    found = []
    for measure in results.measures("interpolation"):
        rows = results.rows(measure)
        rows = rows[rows["part"].isin(list(parts))]
        if rows.empty:
            continue
        first = rows.iloc[0]
        quantile = float(first["quantile"])
        values = results.means(rows, "off")
        found.append(
            OffShares(
                measure.name,
                panels(results, values),
                parts,
                quantile,
                f"{span(value.count for value in values)} paths of {number(len(first['distances']))} images each, ends "
                f"included. Distances are in {SPACES[first['space']]}, to the nearest of "
                f"{number(int(first['images']))} training images; the threshold is the {setting(quantile)} quantile "
                f"over {number(int(first['held_out']))} validation images.",
                arm_colours(results),
            )
        )
    return tuple(found)


def draw(info: OffShares, figure: Figure) -> None:
    """The share from zero up."""
    level = Level(1 - info.quantile, "held-out images")
    draw_trade_off(
        TradeOff(info.panels, "share of the path off the data", info.parts, False, info.colours, (level,)), figure
    )


def _caption(ends: str, info: OffShares) -> str:
    shown = {curve.part for panel in info.panels for curve in panel.curves}
    control = (
        " Dotted: the control, a blend of the two images themselves, which no model has part in. Where it scores no "
        "more than held-out images do, distances in this space do not tell a blend from an image."
    )
    return (
        f"Share of the images on the way between {ends} that are farther from the nearest training image than "
        f"{percent(info.quantile)} of held-out images are; these score {percent(1 - info.quantile)} (grey). The ends "
        f"count as well, as the model decodes them.{control if 'blend' in shown else ''} "
        f"{panels_words(info.panels)}{info.protocol} {seeds_words(info.panels)}"
    )


def _figure(name: str, title: str, parts: Parts, ends: str, absent: str, place: int) -> FigureKind[OffShares]:
    infos: Callable[[Results], tuple[OffShares, ...]] = partial(_infos, parts)
    return FigureKind(name, title, infos, draw, partial(_caption, ends), absent, place=place)


ENCODINGS = _figure(
    "interpolation",
    "Interpolations between images",
    BETWEEN_ENCODINGS,
    "two held-out images",
    "no interpolations between encodings were measured",
    place=180,
)
SAMPLES = _figure(
    "interpolation_samples",
    "Interpolations between prior samples",
    BETWEEN_SAMPLES,
    "two prior samples",
    "no interpolations between prior samples were measured",
    place=190,
)
