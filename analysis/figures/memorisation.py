"""How near generated images lie to training images, against held-out ones, by dim(z)."""

from collections.abc import Mapping
from dataclasses import dataclass

from matplotlib.figure import Figure

from analysis.drawing.style import arm_colours
from analysis.drawing.trade_off import Level, TradeOff, draw_multiples, panels_words, seeds_words
from analysis.figures.base import FigureKind
from analysis.figures.frechet_distance import PARTS
from analysis.results import Results
from analysis.statistics.curves import Panel, panels
from analysis.text.words import listing, number, percent, span

SPACES = {
    "pixels": ("pixels", "pixels"),
    "lenet": ("LeNet features", "the 84 features of a LeNet trained on this data set"),
    "inception": ("Inception features", "Inception's 2,048 features"),
}
"""Names of the spaces for axes and for the caption."""


@dataclass(frozen=True)
class Nearness:
    """Two numbers of each arm in each space, for one measure."""

    measure: str
    spaces: tuple[str, ...]
    ratios: tuple[tuple[Panel, ...], ...]
    """For each space: median distance to the nearest training image, over that of held-out images."""
    shares: tuple[tuple[Panel, ...], ...]
    """For each space: share of images nearer than the quantile of held-out images."""
    quantile: float
    protocol: str
    colours: Mapping[str, str]


def infos(results: Results) -> tuple[Nearness, ...]:
    """One of each number for each trial, part and space, then the means over seeds."""
    found = []
    for measure in results.measures("memorisation"):
        rows = results.rows(measure)
        rows = rows.assign(ratio=rows["median_distance"] / rows["held_out_median_distance"])
        spaces = tuple(space for space in SPACES if space in set(rows["space"]))
        of_space = [rows[rows["space"] == space] for space in spaces]
        found.append(
            Nearness(
                measure.name,
                spaces,
                tuple(panels(results, results.means(some, "ratio")) for some in of_space),
                tuple(panels(results, results.means(some, "near_share")) for some in of_space),
                float(rows["quantile"].iloc[0]),
                f"{span(int(count) for count in rows['samples'])} images of each model and "
                f"{number(int(rows['held_out_images'].iloc[0]))} validation images, each against all "
                f"{number(int(rows['training_images'].iloc[0]))} training images.",
                arm_colours(results),
            )
        )
    return tuple(found)


def draw(info: Nearness, figure: Figure) -> None:
    """The two spaces beside or below each other, each number from zero up."""
    contents = []
    for quantity, of_space, level in (
        ("distance ratio", info.ratios, Level(1.0, "held-out images")),
        ("share of near images", info.shares, Level(info.quantile, "held-out images")),
    ):
        contents += [
            TradeOff(panels, f"{quantity},\n{SPACES[space][0]}", PARTS, False, info.colours, (level,))
            for space, panels in zip(info.spaces, of_space, strict=True)
        ]
    draw_multiples(contents, figure)


def caption(info: Nearness) -> str:
    """What is shown, and how to read it."""
    spaces = listing([SPACES[space][1] for space in info.spaces])
    return (
        "Distance from an image to the nearest training image: its median over the model's images as a ratio to that "
        "of held-out images; and the share of the model's images that are nearer to a training image than the nearest "
        f"{percent(info.quantile)} of held-out images are. In {spaces}. A "
        f"model that copies training images has a ratio of 0 and a share of 100 %; one that draws new images has 1 and "
        f"{percent(info.quantile)} (grey). In pixels, blurred images too are near, without being copies. "
        f"{panels_words(info.ratios[0])}Solid: samples from the prior; dashed: reconstructions of validation images. "
        f"{info.protocol} {seeds_words(info.ratios[0])}"
    )


FIGURE = FigureKind("memorisation", "Memorisation", infos, draw, caption, "memorisation was not measured", place=70)
