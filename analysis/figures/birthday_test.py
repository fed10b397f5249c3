"""Support size from near duplicates among samples, by dim(z): the birthday-paradox test."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from matplotlib.figure import Figure

from analysis.drawing.style import LineStyle, arm_colours
from analysis.drawing.trade_off import Level, TradeOff, draw_multiples, panels_words, seeds_words
from analysis.figures.base import FigureKind, Tabulated
from analysis.figures.memorisation import SPACES
from analysis.results import Results
from analysis.statistics.curves import Panel, panels
from analysis.statistics.quality import support_sizes
from analysis.text.words import bounds, number, setting, span

PARTS: dict[str, tuple[LineStyle, str]] = {"samples": ("-", "samples")}


@dataclass(frozen=True)
class Supports:
    """Two readings of the support size of each arm, for one measure."""

    measure: str
    by_pairs: tuple[Panel, ...]
    """The number of pairs of samples over that of duplicates."""
    by_batches: tuple[Panel, ...]
    """The square of the smallest size at which half of the batches have a duplicate."""
    control: float
    control_squared_batch: float
    protocol: str
    colours: Mapping[str, str]


def infos(results: Results) -> tuple[Supports, ...]:
    """Both for each trial, then the means over the seeds with any duplicate."""
    found = []
    for measure in results.measures("birthday_test"):
        rows = results.rows(measure)
        first = rows.iloc[0]
        squared = rows.assign(squared_batch=rows["batch"] ** 2)
        found.append(
            Supports(
                measure.name,
                panels(results, support_sizes(results, rows)),
                panels(results, support_sizes(results, squared, "squared_batch")),
                float(first["control_support"]),
                float(first["control_batch"]) ** 2,
                f"{span(map(int, rows['samples']))} samples of each model. Near duplicates are nearer in "
                f"{SPACES[first['features']][1]} than the nearest {setting(100 * float(first['rate']))} % of the pairs "
                f"of {number(int(first['calibration_images']))} validation images. The control (grey), "
                f"{number(int(first['control_images']))} others, has {number(int(first['control_duplicates']))} "
                f"duplicates and a support of {number(float(first['control_support']))} "
                f"{bounds(float(first['control_support_low']), float(first['control_support_high']))}.",
                arm_colours(results),
            )
        )
    return tuple(found)


def draw(info: Supports, figure: Figure) -> None:
    """Both readings, on logarithmic axes."""
    contents = [
        TradeOff(shown, label, PARTS, True, info.colours, (Level(control, "held-out images"),) * math.isfinite(control))
        for shown, label, control in (
            (info.by_pairs, "support size", info.control),
            (info.by_batches, "(batch with a duplicate)²", info.control_squared_batch),
        )
    ]
    draw_multiples(contents, figure)


def caption(info: Supports) -> str:
    """What is shown, its protocol, and how to read it."""
    return (
        "How many equally likely images would have as many near duplicates among as many samples: pairs over "
        "duplicates; and the square of the smallest size at which half of the batches of samples have a duplicate "
        "(Arora, Risteski and Zhang, 2018), which is about 1.4 times as large where images are equally likely. A "
        "support below that of held-out images is a lack of diversity. Models without any duplicate are censored: "
        f"their support is infinite. {panels_words(info.by_pairs)}{info.protocol} {seeds_words(info.by_pairs)}"
    )


FIGURE = FigureKind(
    "birthday_test",
    "Birthday test",
    infos,
    draw,
    caption,
    "near duplicates were not counted",
    place=80,
    numbers=(Tabulated("Support size", "birthday_test", support_sizes),),
)
