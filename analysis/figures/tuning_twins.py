"""What each finalist gains over its twin on fresh seeds, objective by objective."""

import math
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure

from analysis.drawing.style import INK, MUTED, PALETTE, WIDTH
from analysis.figures.base import FigureKind
from analysis.figures.tuning_front import twin_words
from analysis.results import Results
from analysis.statistics.intervals import ENOUGH_SEEDS
from analysis.statistics.searches import Difference, Found, differences, found
from analysis.text.words import span
from raysweep.study.objectives import OBJECTIVES

MOST_ACROSS = 4


@dataclass(frozen=True)
class Gains:
    """Differences of finalists and twins."""

    measure: str
    found: Found
    differences: tuple[Difference, ...]


def infos(results: Results) -> tuple[Gains, ...]:
    """Every difference, where there are twins."""
    search = found(results)
    pairs = differences(search) if search else ()
    return (Gains("", search, pairs),) if search and pairs else ()


def draw(info: Gains, figure: Figure) -> None:
    """A panel for each objective, a line for each finalist; what lies right of zero is better than the twin."""
    objectives = info.found.objectives
    finalists = list(dict.fromkeys(each.finalist.name for each in info.differences))
    across = min(MOST_ACROSS, len(objectives))
    down = -(-len(objectives) // across)
    figure.set_size_inches(WIDTH, down * (0.9 + 0.28 * len(finalists)) + 0.2)
    grid = figure.subplots(down, across, squeeze=False, sharey=True)
    for axes in grid.flat[len(objectives) :]:
        axes.remove()
    for objective, axes in zip(objectives, grid.flat, strict=False):
        axes.axvline(0, color=INK, linewidth=0.8)
        for each in (each for each in info.differences if each.objective == objective):
            at = finalists.index(each.finalist.name)
            low, high = each.gain.interval()
            colour = PALETTE[2] if low > 0 else PALETTE[1] if high < 0 else MUTED
            if math.isfinite(low):
                axes.plot([low, high], [at, at], color=colour)
            axes.plot(each.gain.each, np.full(len(each.gain.each), at), "|", color=colour, markersize=6)
            axes.plot(each.gain.value, at, "o", color=colour)
        axes.set_title(OBJECTIVES[objective].words, fontsize=7)
        axes.set_xlabel("gain over twin")
        axes.set_yticks(range(len(finalists)), finalists)
        axes.set_ylim(len(finalists) - 0.5, -0.5)


def caption(info: Gains) -> str:
    """What is shown, and what the intervals are."""
    counts = [len(each.gain.each) for each in info.differences]
    intervals = (
        "Lines are 95 % Student-t intervals of its mean over the seeds, each from the spread of its own differences; "
        "green ones lie wholly on the better side, orange ones on the worse."
        if max(counts) > 1
        else "There is one fresh seed, so no intervals."
    )
    few = " Fewer than three seeds make them very wide." if 1 < min(counts) < ENOUGH_SEEDS else ""
    named = {each.finalist.name: each.finalist.words for each in info.differences}
    return (
        "The gain is the finalist's value minus its twin's, with its sign turned where smaller is better: right of "
        f"zero the finalist is better. Ticks are the {span(counts)} fresh seeds, on which both were trained. "
        f"{intervals}{few} {twin_words(info.found)} "
        f"Finalists: {'; '.join(f'{name} ({words})' for name, words in named.items())}."
    )


FIGURE = FigureKind(
    "tuning_twins",
    "Finalists against their twins on fresh seeds",
    infos,
    draw,
    caption,
    "no settings were searched, or none of those found has a twin",
    place=380,
)
