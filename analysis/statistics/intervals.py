"""Intervals over seeds, and the words that say what they are."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

ENOUGH_SEEDS = 3
"""From this many seeds on a band is a Student-t interval; below, it is the range over the seeds."""


@dataclass(frozen=True)
class SeedInterval:
    """A mean over seeds, with its band."""

    mean: float
    low: float
    high: float
    seeds: int


def over_seeds(values: Sequence[float]) -> SeedInterval:
    """Mean over seeds with its band: mean ± t · s / √n from three seeds on, else the smallest to the largest value.

    t is the 97.5 % point of Student's distribution with n − 1 degrees of freedom, s² the variance with n − 1.

    Raises:
        ValueError: there are no values.
    """
    if not values:
        raise ValueError("no values to average over seeds")
    mean, count = float(np.mean(values)), len(values)
    if count < ENOUGH_SEEDS:
        return SeedInterval(mean, min(values), max(values), count)
    half = student(count - 1) * float(np.std(values, ddof=1)) / math.sqrt(count)
    return SeedInterval(mean, mean - half, mean + half, count)


def student(freedom: int, level: float = 0.95) -> float:
    """The factor t of a two-sided interval of that level, with `freedom` degrees of freedom."""
    return float(special.stdtrit(freedom, 0.5 + level / 2))


def band_words(seeds: Iterable[int], mean: str = "Curves", band: str = "bands") -> str:
    """Names and explains the means and their bands, given the number of seeds of each."""
    fewest, most = min(counts := set(seeds)), max(counts)
    if most == 1:
        return f"There is one seed, so no {band}: nothing is known about the spread over seeds."
    if fewest >= ENOUGH_SEEDS:
        points = f"{fewest}" if fewest == most else f"{fewest} to {most}"
        return f"{mean} are means over {points} seeds; {band} are 95 % Student-t intervals of the mean over the seeds."
    if most < ENOUGH_SEEDS:
        some = "" if fewest == most else f"; those without {band} rest on one seed"
        return (
            f"{mean} are means over {most} seeds; {band} are the range, smallest to largest, over the seeds, "
            f"which are too few for an interval{some}."
        )
    return (
        f"{mean} are means over {fewest} to {most} seeds; {band} are 95 % Student-t intervals of the mean over the "
        f"seeds where there are at least {ENOUGH_SEEDS}, and elsewhere the range, smallest to largest, over the seeds."
    )


@dataclass(frozen=True)
class Estimate:
    """A weighted sum of means over seeds, with its standard error.

    `freedom` is the degrees of freedom behind `error`; with none of them the error is infinite.
    """

    value: float
    error: float
    freedom: int
    each: tuple[float, ...]
    """The same sum in each seed that has all of its terms."""

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """value ± t · error; everything where there are no degrees of freedom, or a number is not finite."""
        if self.freedom == 0 or not math.isfinite(self.error):
            return -math.inf, math.inf
        half = student(self.freedom, level) * self.error
        return self.value - half, self.value + half

    def __neg__(self) -> "Estimate":
        return Estimate(-self.value, self.error, self.freedom, tuple(-value for value in self.each))


def contrast(cells: Sequence[Mapping[int, float]], weights: Sequence[float]) -> Estimate:
    """Σ wᵢ ȳᵢ over cells of one value per seed, with the variance pooled over all cells.

    The spread over seeds is taken to be the same in every cell: s² = Σᵢ Σₛ (yᵢₛ − ȳᵢ)² / Σᵢ (nᵢ − 1), and the
    squared standard error is s² Σ wᵢ² / nᵢ. So two seeds in each of several cells give a usable interval.
    A cell with a number that is not finite tells nothing about the spread. Where it has a weight, the sum is not
    finite either, and its error is infinite.

    Raises:
        ValueError: a cell is empty.
    """
    if any(not cell for cell in cells):
        raise ValueError("a cell without any seed has no mean")
    used = [(w, cell) for w, cell in zip(weights, cells, strict=True) if w != 0]
    value = sum(w * _mean(list(cell.values())) for w, cell in used)
    spread = [np.array(values) for cell in cells if all(map(math.isfinite, values := list(cell.values())))]
    freedom = sum(len(column) - 1 for column in spread)
    squares = sum(float(((column - column.mean()) ** 2).sum()) for column in spread)
    scale = sum(w**2 / len(cell) for w, cell in used)
    error = math.sqrt(squares / freedom * scale) if freedom and math.isfinite(value) else math.inf
    common = sorted(set.intersection(*(set(cell) for _, cell in used))) if used else []
    each = tuple(sum(w * cell[seed] for w, cell in used) for seed in common)
    return Estimate(value, error, freedom, each)


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if all(map(math.isfinite, values)) else sum(values)


def slope_weights(x: Sequence[float]) -> list[float]:
    """The weights that give the least-squares slope of y on x as Σ wᵢ yᵢ.

    Raises:
        ValueError: all x are equal.
    """
    centred = np.asarray(x, dtype=np.float64) - np.mean(x)
    square = float((centred**2).sum())
    if square == 0:
        raise ValueError("a slope needs two different x")
    return [float(value) for value in centred / square]
