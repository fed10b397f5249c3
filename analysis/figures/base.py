"""What a figure of the report is."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from matplotlib.figure import Figure

from analysis.results import Results


class Info(Protocol):
    """What is drawn: computed from the tables alone, and tested without drawing."""

    @property
    def measure(self) -> str:
        """Name of the measure that is shown, or "" where there is only one source."""
        ...


InfoT = TypeVar("InfoT", bound=Info)


@dataclass(frozen=True)
class FigureKind(Generic[InfoT]):
    """A figure: how it is computed, drawn and explained."""

    title: str
    infos: Callable[[Results], tuple[InfoT, ...]]
    """One for each measure that it shows; none where nothing was measured."""
    draw: Callable[[InfoT, Figure], None]
    caption: Callable[[InfoT], str]
    absent: str
    """What is missing where there is nothing to draw."""
    photographic: bool = False
    """Shows images: the page embeds it as PNG, not SVG."""


AnyFigure = FigureKind[Any]
