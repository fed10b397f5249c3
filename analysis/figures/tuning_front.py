"""What the chosen settings do on fresh seeds, one objective against another."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from analysis.drawing.style import MUTED, PALETTE, WIDTH
from analysis.figures.base import FigureKind
from analysis.results import Results
from analysis.statistics.intervals import SeedInterval, band_words, over_seeds
from analysis.statistics.searches import Found, ScoredSettings, found, mean, objective_label, on_front
from analysis.text.words import axis_label, listing, plural

MOST_ACROSS = 3
ALL_PAIRS = 4
"""With more objectives than this, the first one is drawn against each of the others."""

FAINT = "#b8b8b8"
BASELINE_MARKERS = ("*", "s", "D", "^")
LOG_RATIO = 20.0
"""An axis is logarithmic if its values are positive and span more than this factor."""


@dataclass(frozen=True)
class Front:
    """Checked configurations with their intervals, and the means of the search."""

    measure: str
    found: Found
    pairs: tuple[tuple[str, str], ...]
    front: dict[str, bool]
    """Which of the checked configurations no other one dominates."""


def infos(results: Results) -> tuple[Front, ...]:
    """Every pair of objectives, where there are two and something was checked."""
    search = found(results)
    if search is None or not search.checked or len(search.objectives) < 2:
        return ()
    names = search.objectives
    pairs = itertools.combinations(names, 2) if len(names) <= ALL_PAIRS else ((names[0], name) for name in names[1:])
    return (Front("", search, tuple(pairs), on_front(search)),)


def draw(info: Front, figure: Figure) -> None:
    """A panel for each pair: faint dots of the search, and what was found on fresh seeds with its intervals."""
    across = min(MOST_ACROSS, len(info.pairs))
    down = -(-len(info.pairs) // across)
    figure.set_size_inches(WIDTH, 2.5 * down + 0.7)
    grid = figure.subplots(down, across, squeeze=False)
    for axes in grid.flat[len(info.pairs) :]:
        axes.remove()
    for (x, y), axes in zip(info.pairs, grid.flat, strict=False):
        searched = [(mean(each.searched[x]), mean(each.searched[y])) for each in info.found.complete]
        if searched:
            axes.plot(*zip(*searched, strict=True), ".", color=FAINT, markersize=4, zorder=1)
        for each in info.found.checked:
            _draw_checked(axes, each, x, y, info)
        axes.set_xlabel(objective_label(x))
        axes.set_ylabel(objective_label(y))
        scale_axes(axes, info.found, x, y)
    figure.legend(handles=_handles(info), loc="outside lower center", ncols=3)


def _draw_checked(axes: Axes, each: ScoredSettings, x: str, y: str, info: Front) -> None:
    across, up = fresh_interval(each, x), fresh_interval(each, y)
    colour, marker = checked_style(info.found, each)
    axes.errorbar(
        across.mean,
        up.mean,
        xerr=[[across.mean - across.low], [across.high - across.mean]],
        yerr=[[up.mean - up.low], [up.high - up.mean]],
        fmt=marker,
        color=colour,
        markersize=9 if marker == "*" else 5,
        markerfacecolor=colour if info.front[each.name] else "white",
        elinewidth=0.9,
        zorder=3,
    )
    if each.role == "finalist":
        axes.annotate(each.name, (across.mean, up.mean), (4, 4), textcoords="offset points", fontsize=6.5, color=colour)


def fresh_interval(each: ScoredSettings, objective: str) -> SeedInterval:
    """Over the fresh seeds."""
    return over_seeds(list(each.fresh[objective].values()))


def checked_style(found: Found, each: ScoredSettings) -> tuple[str, str]:
    """Colour and marker: baselines each have their own, finalists and twins one each."""
    if each.role != "baseline":
        return (PALETTE[0], "o") if each.role == "finalist" else (MUTED, "v")
    names = [one.name for one in found.configurations if one.role == "baseline"]
    index = names.index(each.name)
    return PALETTE[1 + index % (len(PALETTE) - 1)], BASELINE_MARKERS[index % len(BASELINE_MARKERS)]


def scale_axes(axes: Axes, found: Found, x: str | None, y: str) -> None:
    """Logarithmic axes for objectives whose values are positive and far apart."""
    if x is not None and wide(_values(found, x)):
        axes.set_xscale("log")
    if wide(_values(found, y)):
        axes.set_yscale("log")


def _values(found: Found, objective: str) -> list[float]:
    scores = [each.searched for each in found.complete] + [each.fresh for each in found.checked]
    return [mean(each[objective]) for each in scores]


def wide(values: Sequence[float]) -> bool:
    """Whether a logarithmic axis suits these values."""
    return bool(min(values) > 0 and np.max(values) > LOG_RATIO * np.min(values))


def _handles(info: Front) -> list[Line2D]:
    seen: dict[str, Line2D] = {}
    for each in info.found.checked:
        words = {"finalist": "finalists", "twin": "their twins"}.get(each.role, each.name.replace("_", " "))
        colour, marker = checked_style(info.found, each)
        seen[words] = Line2D([], [], color=colour, marker=marker, linestyle="none", label=words)
    if info.found.complete:
        words = "means in the search (biased)"
        seen[words] = Line2D([], [], color=FAINT, marker=".", linestyle="none", label=words)
    return list(seen.values())


def caption(info: Front) -> str:
    """What is on the front, with its settings, and why the search's own numbers do not count."""
    kept = [each for each in info.found.checked if info.front[each.name]]
    named = "; ".join(f"{each.name.replace('_', ' ')} ({each.words})" for each in kept)
    seeds = {len(values) for each in info.found.checked for values in each.fresh.values()}
    return (
        f"Markers are settings trained again on fresh seeds. Filled ones are on the Pareto front of all "
        f"{len(info.found.objectives)} objectives: no other is at least as good in every mean and better in one. These "
        f"are {named}. {band_words(seeds, 'Markers', 'bars')} {search_words(info.found)}{twin_words(info.found)}"
    )


def search_words(found: Found) -> str:
    """What the faint dots are."""
    if not found.complete:
        return ""
    seeds = max(len(values) for each in found.complete for values in each.searched.values())
    states = [each.state for each in found.configurations]
    unscored = " and ".join(f"{states.count(state)} {state}" for state in ("failed", "pruned") if state in states)
    return (
        f"Faint dots are the {plural(len(found.complete), 'configuration')} of the search, means over "
        f"{plural(seeds, 'seed')}: the best of them look better than they are, as they were chosen by these numbers "
        f"(winner's curse). {f'Not shown: {unscored}. ' if unscored else ''}"
    )


def twin_words(found: Found) -> str:
    """What twins are, where there are any."""
    pairs = [(each, twin) for each in found.checked if each.role == "finalist" and (twin := found.twin(each))]
    if not pairs:
        return ""
    changed = dict.fromkeys(
        name for each, twin in pairs for name, value in each.values.items() if twin.values[name] != value
    )
    return f"A finalist's twin has all of its settings but {listing([axis_label(name) for name in changed])}."


FIGURE = FigureKind(
    "tuning_front",
    "Pareto front on fresh seeds",
    infos,
    draw,
    caption,
    "no settings were searched for several objectives",
    place=370,
)
