"""The table of results in numbers: what the figures show, for every arm and setting."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from analysis.results import Results, TrialRow, Value
from analysis.statistics.class_radius import bracket
from analysis.statistics.intervals import over_seeds
from analysis.statistics.quality import QUANTITIES, support_sizes
from analysis.statistics.reconstruction import recoveries
from analysis.text.parts import in_order, part_name
from analysis.text.words import arm_label, axis_values, bounds, number, percent
from raysweep.study.measures import AnyMeasure

PARTS = {
    "train": "train",
    "validation": "validation",
    "generated": "optimiser's floor",
    "samples": "samples",
    "reconstructions": "reconstructions",
    "real": "real images",
    "lower": "lower bound",
}

MODES = {"Captured modes": "captured", "High-quality share": "high_quality", "Reverse KL": "reverse_kl"}
"""Titles of the numbers in the table of modes, with their columns."""


RowKey = tuple[str, str, int]
"""What tells rows apart: the arm, its other axes' values, and dim(z)."""


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
        for part in dict.fromkeys([*PARTS, *in_order(value.part for value in values)])
        if any(value.part == part for value in values)
    }
    keys = dict.fromkeys(_key(trial) for trial in results.trials if trial.latent_dim is not None)
    rows = tuple(_row(key, list(columns.values())) for key in keys)
    return Numbers(tuple(columns), tuple(row for row in rows if row.seeds))


def _measured(results: Results) -> list[tuple[str, tuple[Value, ...]]]:
    reconstruction = results.measures("reconstruction")
    frechet = results.measures("frechet")
    kernel = results.measures("kernel_distance")
    quality = results.measures("precision_recall")
    birthday = results.measures("birthday_test")
    radius = results.measures("class_radius")
    modes = results.measures("modes")
    learned = results.measures("reconstruction_classifier")
    found = [
        *((("Squared error", m, len(reconstruction)), results.means(results.rows(m), "mse")) for m in reconstruction),
        *(
            (("Share recovered", m, len(reconstruction)), results.means(recoveries(results.rows(m)), "recovered"))
            for m in reconstruction
        ),
        *((("Fréchet distance", m, len(frechet)), results.means(results.rows(m), "distance")) for m in frechet),
        *((("Kernel distance", m, len(kernel)), results.means(results.rows(m), "distance")) for m in kernel),
        *(
            ((name.capitalize(), m, len(quality)), results.means(results.rows(m), name))
            for name in QUANTITIES
            for m in quality
        ),
        *((("Support size", m, len(birthday)), support_sizes(results, results.rows(m))) for m in birthday),
        *((("Class radius", m, len(radius)), bracket(results, results.rows(m))) for m in radius),
        *((("LeNet's accuracy after", m, len(learned)), results.means(results.rows(m), "accuracy")) for m in learned),
        *(((title, m, len(modes)), _of_samples(results, m, column)) for title, column in MODES.items() for m in modes),
    ]
    return [(title if count == 1 else f"{title}, {m.name}", values) for (title, m, count), values in found]


def _of_samples(results: Results, measure: AnyMeasure, column: str) -> tuple[Value, ...]:
    """A number of each model that has one row."""
    rows = results.rows(measure).set_index("trial").to_dict("index")
    return tuple(
        Value(trial, "samples", float(row[column]), int(row["samples"]))
        for trial in results.trials
        if (row := rows.get(trial.id)) is not None
    )


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
