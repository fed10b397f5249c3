"""A results folder in memory, as figures and claims read it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from raysweep.errors import UserError
from raysweep.results.store import StudyStore
from raysweep.results.tables import all_tables
from raysweep.study.core import Arm, AxisValue, Study
from raysweep.study.data import DataFacts
from raysweep.study.measures import MeasureSettings

AxisValues = tuple[tuple[str, AxisValue], ...]


@dataclass(frozen=True)
class TrialRow:
    """A row of the table `trials`, with its JSON read."""

    id: str
    arm: str
    family: str
    seed: int
    latent_dim: int | None
    axes: Mapping[str, AxisValue]
    settings: Mapping[str, object]
    status: str
    reason: str
    steps: int
    parameters: int

    @property
    def others(self) -> AxisValues:
        """The values of the arm's axes other than dim(z)."""
        return tuple((axis, value) for axis, value in self.axes.items() if axis != "latent_dim")


@dataclass(frozen=True)
class Value:
    """One number of one trial: a mean over `count` images or prior samples of `part`."""

    trial: TrialRow
    part: str
    value: float
    count: int
    censored: float = 0.0
    """Share of prior samples without a value: with any, `value` is a lower bound, or NaN if none has one."""


@dataclass(frozen=True)
class Results:
    """A study with its tables. Trials are in the study's order: by arm, axes other than dim(z), dim(z) and seed."""

    study: Study
    facts: DataFacts
    environment: Mapping[str, object]
    trials: tuple[TrialRow, ...]
    tables: Mapping[str, pd.DataFrame]
    recommended: Study | None = None
    """The study of the settings that a tuning recommends."""

    def arm(self, name: str) -> Arm | None:
        """The arm of that name; None for the study's classifier."""
        return next((arm for arm in self.study.arms if arm.name == name), None)

    def is_main(self, trial: TrialRow) -> bool:
        """Whether every axis but dim(z) has the arm's own value (or the first one swept, where that is not swept).

        So one curve against dim(z) stands for each arm; the other axes have panels of their own.
        """
        arm = self.arm(trial.arm)
        return arm is not None and all(value == own_value(arm, axis) for axis, value in trial.others)

    def measures(self, table: str) -> tuple[MeasureSettings, ...]:
        """The study's measures that write to `table` and have rows in it."""
        present = set(self.tables[table]["measure"])
        return tuple(m for m in self.study.measures if m.table.name == table and m.name in present)

    def rows(self, measure: MeasureSettings) -> pd.DataFrame:
        """The rows of a measure."""
        table = self.tables[measure.table.name]
        return table[table["measure"] == measure.name]

    def by_trial(self, rows: pd.DataFrame) -> Iterator[tuple[TrialRow, pd.DataFrame]]:
        """The rows of each trial that has any, in the order of the table of trials."""
        groups = dict(iter(rows.groupby("trial", sort=False)))
        return ((trial, groups[trial.id]) for trial in self.trials if trial.id in groups)

    def means(self, rows: pd.DataFrame, column: str) -> tuple[Value, ...]:
        """The mean of a column for each trial and part, in the order of the table of trials."""
        trials = {trial.id: trial for trial in self.trials}
        grouped = rows.groupby(["trial", "part"], sort=False)[column].agg(["mean", "size"]).reset_index()
        values = [
            Value(trials[row["trial"]], row["part"], float(row["mean"]), int(row["size"]))
            for row in grouped.to_dict("records")
        ]
        order = {trial.id: index for index, trial in enumerate(self.trials)}
        return tuple(sorted(values, key=lambda value: order[value.trial.id]))


def own_value(arm: Arm, axis: str) -> AxisValue:
    """The value of an axis that stands for the arm: its model's own, or the first one where that is not swept."""
    own: AxisValue = getattr(arm.model, axis)
    return own if own in arm.over[axis] else arm.over[axis][0]


def load_results(store: StudyStore) -> Results:
    """Reads a results folder.

    Raises:
        UserError: it is not one, or was written by a version with other studies or tables.
    """
    try:
        study = store.load_study()
        facts = store.load_facts()
        environment = store.load_environment()
    except (FileNotFoundError, json.JSONDecodeError) as error:
        raise UserError(
            f"results folder {store.folder}: {error}; run the study again to complete the folder"
        ) from error
    tables = {name: _of_study(store.table(name), study) for name in all_tables()}
    if tables["trials"].empty and len(store.table("trials")):
        raise UserError(
            f"results folder {store.folder}: its tables are of other trials than its study's: those of an earlier "
            "version of raysweep or of the study; run the study again to replace them"
        )
    trials = _trial_rows(tables["trials"], study)
    return Results(study, facts, environment, trials, tables, store.load_recommended())


def _of_study(table: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Rows of the study's own trials: while a changed study runs, its folder still has tables of the earlier one."""
    if "trial" not in table:  # a search's table, which has trials of its own
        return table
    return table[table["trial"].isin([trial.id for trial in study.trials])]


def _trial_rows(table: pd.DataFrame, study: Study) -> tuple[TrialRow, ...]:
    arms = {arm.name: (index, arm) for index, arm in enumerate(study.arms)}

    def position(row: TrialRow) -> tuple[int, list[int], int, int]:
        if row.arm not in arms:  # the classifier, which is no arm, comes last
            return len(arms), [], 0, row.seed
        index, arm = arms[row.arm]
        others = [arm.over[axis].index(value) for axis, value in row.others]
        return index, others, row.latent_dim or 0, row.seed

    rows = [
        TrialRow(
            id=row["trial"],
            arm=row["arm"],
            family=row["family"],
            seed=int(row["seed"]),
            latent_dim=None if pd.isna(row["latent_dim"]) else int(row["latent_dim"]),
            axes=json.loads(row["axes"]),
            settings=json.loads(row["settings"]),
            status=row["status"],
            reason=row["reason"],
            steps=int(row["steps"]),
            parameters=int(row["parameters"]),
        )
        for row in table.to_dict("records")
    ]
    return tuple(sorted(rows, key=position))


def by_seed(values: Sequence[Value]) -> dict[int, float]:
    """The numbers by seed."""
    return {value.trial.seed: value.value for value in values}
