"""How bright samples are, by trial."""

from dataclasses import dataclass
from functools import partial

from matplotlib.figure import Figure

from analysis.figures.base import FigureKind, Tabulated
from analysis.results import Results, Value


@dataclass(frozen=True)
class Brightnesses:
    """The brightness of each trial's samples, for one measure."""

    measure: str
    values: tuple[Value, ...]


def infos(results: Results) -> tuple[Brightnesses, ...]:
    """One number for each trial."""
    return tuple(
        Brightnesses(measure.name, results.means(results.rows(measure), "brightness"))
        for measure in results.measures("brightness")
    )


def draw(info: Brightnesses, figure: Figure) -> None:
    """A bar for each trial."""
    figure.subplots().bar([value.trial.id for value in info.values], [value.value for value in info.values])


def caption(info: Brightnesses) -> str:
    """What is shown."""
    return f"Mean pixel value of samples of {len(info.values)} trials."


FIGURE = FigureKind(
    "brightness",
    "Brightness",
    infos,
    draw,
    caption,
    "no brightness was measured",
    place=1_000,
    numbers=(Tabulated("Mean pixel value", "brightness", partial(Results.means, column="brightness")),),
)
