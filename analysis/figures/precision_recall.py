"""Precision, recall, density and coverage against dim(z)."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from matplotlib.figure import Figure

from analysis.drawing.style import arm_colours
from analysis.drawing.trade_off import Level, TradeOff, draw_multiples, panels_words, seeds_words
from analysis.figures.base import FigureKind, Tabulated
from analysis.figures.frechet_distance import PARTS
from analysis.results import Results
from analysis.statistics.curves import Panel, panels
from analysis.statistics.quality import QUANTITIES
from analysis.text.protocol import held_out_words, quality_protocol


@dataclass(frozen=True)
class PrecisionsAndRecalls:
    """The four numbers of each arm along the axes, for one measure."""

    measure: str
    panels: Mapping[str, tuple[Panel, ...]]
    """For each quantity, the same panels."""
    held_out: Mapping[str, Level]
    """For each quantity, that of held-out images."""
    neighbours: tuple[int, int]
    """k of precision and recall, and of density and coverage."""
    protocol: str
    colours: Mapping[str, str]


def infos(results: Results) -> tuple[PrecisionsAndRecalls, ...]:
    """One of each number for each trial and part, then the means over seeds."""
    found = []
    for measure in results.measures("precision_recall"):
        rows = results.rows(measure)
        first = rows.iloc[0]
        words = held_out_words(measure, int(first["held_out_images"]))
        found.append(
            PrecisionsAndRecalls(
                measure.name,
                {name: panels(results, results.means(rows, name)) for name in QUANTITIES},
                {name: Level(float(first[f"held_out_{name}"]), words) for name in QUANTITIES},
                (int(first["neighbours"]), int(first["density_neighbours"])),
                quality_protocol(results, measure),
                arm_colours(results),
            )
        )
    return tuple(found)


def draw(info: PrecisionsAndRecalls, figure: Figure) -> None:
    """Each number on its own scale, from zero up."""
    contents = [
        TradeOff(info.panels[name], name, PARTS, False, info.colours, (info.held_out[name],)) for name in QUANTITIES
    ]
    draw_multiples(contents, figure)


def caption(info: PrecisionsAndRecalls) -> str:
    """What is shown, and its protocol."""
    first = info.panels["precision"]
    k, density_k = info.neighbours
    return (
        "Precision: share of the model's images in a ball around a real one that reaches to its nearest real "
        f"neighbour but {k - 1}; recall: share of real images in such balls around the model's (k = {k}; Kynkäänniemi "
        "et al. 2019, but in these features). Density: how many balls around real images hold an image of the model's, "
        f"over k; coverage: share of these balls that hold any (k = {density_k}; Naeem et al. 2020). Larger is better. "
        f"{panels_words(first)}Solid: samples from the prior; dashed: reconstructions of validation images; grey: "
        f"what {info.held_out['precision'].words} score. {info.protocol} All four depend on the counts. "
        f"{seeds_words(first)}"
    )


FIGURE = FigureKind(
    "precision_recall",
    "Precision, recall, density and coverage",
    infos,
    draw,
    caption,
    "no precision and recall were measured",
    place=60,
    numbers=tuple(
        Tabulated(name.capitalize(), "precision_recall", partial(Results.means, column=name)) for name in QUANTITIES
    ),
)
