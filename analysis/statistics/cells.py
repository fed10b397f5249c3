"""One number by dim(z) and seed: what claims compare."""

import math
from collections.abc import Iterable, Mapping, Sequence

from analysis.results import Results, Value, by_seed
from analysis.statistics.intervals import Estimate, contrast, slope_weights
from analysis.text.words import span

Cells = Mapping[int, Mapping[int, float]]
"""Numbers by dim(z), then by seed. No cell is empty."""


def main_values(
    results: Results, values: Iterable[Value], family: str, part: str, *, trained: bool = True
) -> list[Value]:
    """The values of the first arm of a family, with its axes other than dim(z) at the arm's own values.

    `trained`: whether it is the first arm that trains its model, or the first that leaves it as initialised.
    """
    arms = [arm for arm in results.study.arms if arm.model.family == family]
    arm = next((arm.name for arm in arms if (getattr(arm.model, "steps", None) != 0) == trained), None)
    return [v for v in values if v.trial.arm == arm and v.part == part and results.is_main(v.trial)]


def as_cells(values: Sequence[Value]) -> Cells:
    """Values by dim(z) and seed."""
    dims = sorted({value.trial.latent_dim for value in values if value.trial.latent_dim is not None})
    return {dim: by_seed([value for value in values if value.trial.latent_dim == dim]) for dim in dims}


def logarithm(value: float) -> float:
    """ln of a number: −∞ of 0, and NaN of a negative one."""
    if value == 0:
        return -math.inf
    return math.log(value) if value > 0 else math.nan


def logarithms(cells: Cells) -> Cells:
    """ln of every number."""
    return {dim: {seed: logarithm(value) for seed, value in cell.items()} for dim, cell in cells.items()}


def paired(left: Cells, right: Cells) -> list[tuple[int, int, float, float]]:
    """(dim(z), seed, left, right) wherever both have a number."""
    return [
        (dim, seed, value, right[dim][seed])
        for dim, cell in left.items()
        for seed, value in cell.items()
        if seed in right.get(dim, {})
    ]


def log_ratios(above: Cells, below: Cells) -> Cells:
    """ln(above / below), paired by dim(z) and seed; infinite where one of the two is 0, NaN where both are."""
    ratios: dict[int, dict[int, float]] = {}
    for dim, seed, left, right in paired(above, below):
        ratios.setdefault(dim, {})[seed] = logarithm(left) - logarithm(right)
    return ratios


def at_each_dim(cells: Cells) -> dict[str, Estimate]:
    """The mean over seeds at each dim(z), the spread pooled over all of them."""
    rows = list(cells.values())
    return {f"dim(z) = {dim}": contrast(rows, [float(other == dim) for other in cells]) for dim in cells}


def inner_share(share: float, count: int) -> float:
    """(k + ½) / (n + 1) for a share k / n of `count` = n: never 0, so that it has a logarithm.

    Source: Krichevsky and Trofimov (1981).
    """
    return (share * count + 0.5) / (count + 1)


def slope(cells: Cells) -> Estimate:
    """The slope of the numbers on ln dim(z).

    Raises:
        ValueError: there is one dim(z) only.
    """
    return contrast(list(cells.values()), slope_weights([math.log(dim) for dim in cells]))


def from_mean(cells: Cells) -> dict[str, Estimate]:
    """At each dim(z), the mean over seeds less the mean over all dim(z)."""
    rows, share = list(cells.values()), 1 / len(cells)
    return {f"dim(z) = {dim}": contrast(rows, [float(other == dim) - share for other in cells]) for dim in cells}


def uneven_counts(values: Sequence[Value]) -> tuple[str, ...]:
    """A caution where trials were measured on different numbers of images."""
    counts = {value.count for value in values}
    return (f"Trials were measured on different numbers of images: {span(counts)}.",) if len(counts) > 1 else ()
