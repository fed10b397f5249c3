"""The shape of a loss surface in numbers: how many minima it has, and whether the way to z* only falls."""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import ndimage

from analysis.results import Results, Value
from raysweep.study.measures.loss_surface import EXTENT

BUMP = 0.01
"""Minima and rises that are shallower than this share of the loss at z0 are not counted; the papers state nothing."""


@dataclass(frozen=True)
class Surface:
    """The loss around one target."""

    loss: NDArray[np.float64]
    """(resolution, resolution): f(a, b), b from below."""
    path: NDArray[np.float64]
    """f(a, 0) for a from 0 to 1."""

    @property
    def ticks(self) -> NDArray[np.float64]:
        """The values of a, and of b."""
        return np.linspace(-EXTENT, EXTENT, len(self.loss))

    @property
    def minima(self) -> list[tuple[float, float]]:
        """(a, b) of the minima inside the square that count."""
        ticks = self.ticks
        return [(float(ticks[column]), float(ticks[row])) for row, column in inner_minima(self.loss, self._bump)]

    @property
    def falls(self) -> bool:
        """Whether the straight way from z0 to z* only falls."""
        return rise(self.path) <= self._bump

    @property
    def benign(self) -> bool:
        """Whether there is at most one minimum, and the straight way to z* only falls."""
        return self.falls and len(self.minima) <= 1

    @property
    def _bump(self) -> float:
        return BUMP * float(self.path[0])


def surface(row: Mapping[Hashable, Any]) -> Surface:
    """The surface of a row of the table."""
    side = int(row["resolution"])
    return Surface(np.reshape(row["loss"], (side, side)), np.asarray(row["path"]))


def rise(path: NDArray[np.float64]) -> float:
    """The largest climb of a path above an earlier point; 0 if it only falls."""
    return float((path - np.minimum.accumulate(path)).max())


def inner_minima(values: NDArray[np.float64], depth: float) -> list[tuple[int, int]]:
    """(row, column) of the local minima of a grid that lie inside it and are deeper than `depth`.

    A point is compared with its eight neighbours. The depth of a minimum is the climb, over the lowest pass, to where
    the surface falls to a lower one: its topological persistence. Those on the grid's border count as lower ones, but
    are none themselves, since the surface goes on outside. The lowest point of all has infinite depth. In valleys that
    are narrow against the grid, a grid has minima that the surface has not; they are shallow.

    Source: Edelsbrunner, Letscher and Zomorodian (2002), "Topological persistence and simplification".
    """
    lowest = np.argwhere(values <= ndimage.minimum_filter(values, size=3, mode="nearest"))
    return [
        (row, column)
        for row, column in lowest.tolist()
        if 0 < row < len(values) - 1 and 0 < column < len(values[0]) - 1 and _is_bottom(values, (row, column), depth)
    ]


def _is_bottom(values: NDArray[np.float64], place: tuple[int, int], depth: float) -> bool:
    """Whether nothing that can be reached without climbing more than `depth` is lower, or as low and named earlier."""
    pools, _ = ndimage.label(values <= values[place] + depth, structure=np.ones((3, 3)))
    pool = np.where(pools == pools[place], values, np.inf)
    return divmod(int(pool.argmin()), len(values[0])) == place


def surface_means(number: Callable[[Surface], float], results: Results, rows: pd.DataFrame) -> tuple[Value, ...]:
    """By trial and part: the mean of a number of each surface."""
    numbers = [float(number(surface(row))) for row in rows.to_dict("records")]
    return results.means(rows.assign(value=numbers), "value")
