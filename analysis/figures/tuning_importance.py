"""How much each searched setting matters, objective by objective."""

from dataclasses import dataclass

from matplotlib.figure import Figure

from analysis.drawing.style import INK, PALETTE, WIDTH
from analysis.figures.base import FigureKind
from analysis.results import Results
from analysis.statistics.importance import ENOUGH, GROUPS, Importance, importances
from analysis.statistics.searches import Found, found
from analysis.text.words import axis_label, percent, plural
from raysweep.study.objectives import OBJECTIVES

MOST_ACROSS = 4


@dataclass(frozen=True)
class Importances:
    """Of every setting, for every objective."""

    measure: str
    found: Found
    each: tuple[Importance, ...]


def infos(results: Results) -> tuple[Importances, ...]:
    """Every importance, where enough configurations were tried."""
    search = found(results)
    each = importances(search) if search else ()
    return (Importances("", search, each),) if search and each else ()


def draw(info: Importances, figure: Figure) -> None:
    """A panel for each objective, a line for each setting."""
    settings = info.found.settings
    across = min(MOST_ACROSS, len(info.each))
    down = -(-len(info.each) // across)
    figure.set_size_inches(WIDTH, down * (0.95 + 0.22 * len(settings)))
    grid = figure.subplots(down, across, squeeze=False, sharey=True, sharex=True)
    for axes in grid.flat[len(info.each) :]:
        axes.remove()
    for one, axes in zip(info.each, grid.flat, strict=False):
        places = range(len(settings))
        axes.axvline(0, color=INK, linewidth=0.8)
        axes.errorbar(one.values, places, xerr=one.half, fmt="o", color=PALETTE[0], elinewidth=1.2)
        axes.set_yticks(places, [axis_label(name) for name in settings])
        axes.set_ylim(len(settings) - 0.5, -0.5)
        axes.set_title(f"{OBJECTIVES[one.objective].words}\n{explained_words(one)}", fontsize=7)
        axes.set_xlabel("importance")


def explained_words(one: Importance) -> str:
    """How well the forest that judges predicts."""
    return f"{percent(one.explained)} explained" if one.explained > 0 else "not predicted: says nothing"


def caption(info: Importances) -> str:
    """What importance is, and how sure it is."""
    return (
        f"Of {plural(len(info.found.complete), 'configuration')} of the search. A forest predicts the rank of an "
        "objective from the settings. The importance of a setting is how much its squared error on configurations that "
        "a tree did not see grows when that setting is shuffled, over the objective's variance: 0 if it does not "
        "matter, up to 2 if it alone decides. Bars are 95 % Student-t intervals of a jackknife over "
        f"{GROUPS} groups of configurations. Above each panel: the share of the variance that the forest explains. "
        "The search tries good settings more often, so importances are those in the region where it looked."
    )


FIGURE = FigureKind(
    "tuning_importance",
    "Importance of the searched settings",
    infos,
    draw,
    caption,
    f"no settings were searched, or fewer than {ENOUGH} configurations were scored, too few to tell what matters",
    place=390,
)
