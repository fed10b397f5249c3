"""The form of a figure of the report."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

import pandas as pd
from matplotlib.figure import Figure

from analysis.results import Results, Value


class Info(Protocol):
    """The content of a figure: computed from the tables alone, and tested without drawing."""

    @property
    def measure(self) -> str:
        """Name of the measure that is shown, or "" where there is only one source."""
        ...


InfoT = TypeVar("InfoT", bound=Info)


@dataclass(frozen=True)
class Tabulated:
    """A number of each trial that a figure gives to the report's table of numbers."""

    title: str
    table: str
    """The table of the measures which give it."""
    values: Callable[[Results, pd.DataFrame], tuple[Value, ...]]
    """Computes it from the rows of one measure."""


@dataclass(frozen=True)
class FigureKind(Generic[InfoT]):
    """A figure: how it is computed, drawn and explained."""

    name: str
    """The name of its files."""
    title: str
    infos: Callable[[Results], tuple[InfoT, ...]]
    """One for each measure that it shows; none where nothing was measured."""
    draw: Callable[[InfoT, Figure], None]
    caption: Callable[[InfoT], str]
    absent: str
    """Says what is missing if there is nothing to draw."""
    place: int
    """The report shows figures in the order of these numbers."""
    numbers: tuple[Tabulated, ...] = ()
    photographic: bool = False
    """Shows images: the page embeds it as PNG, not SVG."""


AnyFigure = FigureKind[Any]
