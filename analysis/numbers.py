"""The table of results in numbers: what the figures show, for every arm and setting."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from analysis.figures import FIGURES
from analysis.results import Results, TrialRow, Value
from analysis.statistics.intervals import over_seeds
from analysis.text.parts import in_order, part_name
from analysis.text.words import arm_label, axis_values, bounds, number, percent

PARTS = {
    "train": "train",
    "validation": "validation",
    "generated": "optimiser's floor",
    "samples": "samples",
    "reconstructions": "reconstructions",
    "real": "real images",
    "lower": "lower bound",
}

RowKey = tuple[str, str, int]
"""The key of a row: the arm, its other axes' values, and dim(z)."""


@dataclass(frozen=True)
class Number:
    """A mean over seeds with its band, as written."""

    mean: str
    band: str
    """Empty for one seed."""


@dataclass(frozen=True)
class NumberRow:
    """One arm at one setting and dim(z); None where nothing was measured."""

    arm: str
    setting: str
    """The values of the arm's axes other than dim(z)."""
    latent_dim: int
    seeds: int
    numbers: tuple[Number | None, ...]


@dataclass(frozen=True)
class NumberColumn:
    """A measured number and one of its parts."""

    measure: str
    part: str


@dataclass(frozen=True)
class Numbers:
    """Rows by arm and dim(z), columns by measure and part."""

    columns: tuple[NumberColumn, ...]
    rows: tuple[NumberRow, ...]

    @property
    def arms(self) -> list[tuple[str, list[NumberRow]]]:
        """The arms, each with its rows."""
        return [(arm, list(rows)) for arm, rows in groupby(self.rows, lambda row: row.arm)]

    @property
    def has_settings(self) -> bool:
        """Whether any arm has axes other than dim(z)."""
        return any(row.setting for row in self.rows)

    @property
    def groups(self) -> list[tuple[str, int]]:
        """The measures, each with its number of columns."""
        return [(measure, len(list(group))) for measure, group in groupby(self.columns, lambda c: c.measure)]


def numbers(results: Results) -> Numbers:
    """Every measured number, as the mean over seeds with its band."""
    columns = {
        NumberColumn(title, PARTS.get(part) or part_name(part)): [value for value in values if value.part == part]
        for title, values in _measured(results)
        for part in dict.fromkeys(
            [*PARTS, *in_order(value.part for value in values), *(value.part for value in values)]
        )
        if any(value.part == part for value in values)
    }
    keys = dict.fromkeys(_key(trial) for trial in results.trials if trial.latent_dim is not None)
    rows = tuple(_row(key, list(columns.values())) for key in keys)
    return Numbers(tuple(columns), tuple(row for row in rows if row.seeds))


def _measured(results: Results) -> Iterator[tuple[str, tuple[Value, ...]]]:
    """The numbers that figures tabulate, with their titles, which name the measure if there are several."""
    for tabulated in (each for figure in FIGURES.values() for each in figure.numbers):
        measures = results.measures(tabulated.table)
        for measure in measures:
            title = tabulated.title if len(measures) == 1 else f"{tabulated.title}, {measure.name}"
            yield title, tabulated.values(results, results.rows(measure))


def _row(key: RowKey, columns: Sequence[Sequence[Value]]) -> NumberRow:
    cells = [[value for value in values if _key(value.trial) == key] for values in columns]
    seeds = max((len(cell) for cell in cells), default=0)
    return NumberRow(*key, seeds, tuple(_number(cell) for cell in cells))


def _key(trial: TrialRow) -> RowKey:
    return arm_label(trial.arm, trial.family), axis_values(trial.others), trial.latent_dim or 0


def _number(cell: Sequence[Value]) -> Number | None:
    if not cell:
        return None
    censored = sum(value.censored for value in cell) / len(cell)
    if any(math.isnan(value.value) for value in cell):
        return Number("∞", f"{percent(censored)} censored")
    interval = over_seeds([value.value for value in cell])
    if censored:
        return Number(f"≥ {number(interval.mean)}", f"{percent(censored)} censored")
    return Number(number(interval.mean), bounds(interval.low, interval.high) if interval.seeds > 1 else "")
