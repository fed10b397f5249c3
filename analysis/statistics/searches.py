"""The results of a search for settings, as figures and claims read them."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import pandas as pd

from analysis.results import Results
from analysis.statistics.intervals import Estimate, contrast
from analysis.text.words import axis_label, axis_value
from raysweep.study.core import AxisValue
from raysweep.study.objectives import OBJECTIVES, nondominated

Role = Literal["baseline", "finalist", "twin", "searched"]
Scores = Mapping[str, Mapping[int, float]]
"""By objective, the values by seed."""


@dataclass(frozen=True)
class ScoredSettings:
    """Settings that were tried, with what they scored in the search and on fresh seeds."""

    name: str
    role: Role
    state: str
    """How it ended in the search; see `raysweep.results.tables.CONFIGURATIONS`."""
    values: Mapping[str, AxisValue]
    searched: Scores
    fresh: Scores

    @property
    def words(self) -> str:
        """Its settings: "λ = 30, c = 0.3"."""
        return ", ".join(f"{axis_label(name)} = {rounded(value)}" for name, value in self.values.items())


@dataclass(frozen=True)
class Found:
    """A search, and the check of it on fresh seeds."""

    configurations: tuple[ScoredSettings, ...]

    @cached_property
    def objectives(self) -> tuple[str, ...]:
        """Names of the objectives that have values, in the order of `OBJECTIVES`."""
        present = {name for each in self.configurations for name in (*each.searched, *each.fresh)}
        return tuple(name for name in OBJECTIVES if name in present)

    @property
    def complete(self) -> tuple[ScoredSettings, ...]:
        """The configurations that the search scored in every objective."""
        return tuple(each for each in self.configurations if set(each.searched) == set(self.objectives))

    @property
    def checked(self) -> tuple[ScoredSettings, ...]:
        """The configurations that were scored in every objective on fresh seeds: baselines, finalists and twins."""
        return tuple(each for each in self.configurations if set(each.fresh) == set(self.objectives))

    @property
    def settings(self) -> tuple[str, ...]:
        """The tuning that was searched."""
        return tuple(self.configurations[0].values)

    def twin(self, finalist: ScoredSettings) -> ScoredSettings | None:
        """The finalist with a baseline's settings in it; None where there is none, or where it is that baseline."""
        twins = [each for each in self.checked if each.role == "twin" and each.name.startswith(f"{finalist.name}_")]
        return twins[0] if twins and twins[0].values != finalist.values else None


def found(results: Results) -> Found | None:
    """The search in these tables; None if there was none."""
    rows, evaluations = results.tables["configurations"], results.tables["evaluations"]
    if rows.empty or evaluations.empty:
        return None
    each = (
        ScoredSettings(
            row["configuration"],
            _role(row["configuration"], row["state"], bool(row["fresh"])),
            row["state"],
            json.loads(row["values"]),
            _scores(evaluations, row["configuration"], "search"),
            _scores(evaluations, row["configuration"], "fresh"),
        )
        for row in rows.to_dict("records")
    )
    return Found(tuple(sorted(each, key=lambda one: (len(one.name), one.name))))


def _role(name: str, state: str, fresh: bool) -> Role:
    if state == "twin":
        return "twin"
    if not re.fullmatch(r"c\d+", name):
        return "baseline"
    return "finalist" if fresh else "searched"


def _scores(evaluations: pd.DataFrame, name: str, stage: str) -> Scores:
    rows = evaluations[(evaluations["configuration"] == name) & (evaluations["stage"] == stage)]
    return {
        str(objective): {int(seed): float(value) for seed, value in zip(group["seed"], group["value"], strict=True)}
        for objective, group in rows.groupby("objective")
    }


def on_front(found: Found) -> dict[str, bool]:
    """Which of the checked configurations no other one dominates, in its means over fresh seeds."""
    costs = np.array(
        [[OBJECTIVES[name].sign * mean(each.fresh[name]) for name in found.objectives] for each in found.checked]
    ).reshape(len(found.checked), len(found.objectives))
    return {each.name: bool(kept) for each, kept in zip(found.checked, nondominated(costs), strict=True)}


def mean(values: Mapping[int, float]) -> float:
    """Over seeds."""
    return float(np.mean(list(values.values())))


@dataclass(frozen=True)
class Difference:
    """The gain of a finalist over its twin in one objective."""

    finalist: ScoredSettings
    twin: ScoredSettings
    objective: str
    gain: Estimate
    """Mean over common fresh seeds of its value minus the twin's, in the direction that is better: positive if better.

    Its variance is not pooled with that of others: they differ in dim(z) and learning rate, and so in their spread.
    """


def differences(found: Found) -> tuple[Difference, ...]:
    """The difference of every finalist that has a twin, in every objective; paired by seed."""
    result = []
    for finalist in found.checked:
        twin = found.twin(finalist) if finalist.role == "finalist" else None
        for objective in found.objectives if twin else ():
            assert twin is not None
            ours, theirs = finalist.fresh[objective], twin.fresh[objective]
            gains = {seed: OBJECTIVES[objective].sign * (theirs[seed] - ours[seed]) for seed in ours if seed in theirs}
            if gains:
                result.append(Difference(finalist, twin, objective, contrast([gains], [1.0])))
    return tuple(result)


def objective_label(objective: str) -> str:
    """The label of an axis, which says which values are better."""
    return f"{OBJECTIVES[objective].words}\n({OBJECTIVES[objective].better})"


def rounded(value: AxisValue) -> str:
    """A setting as drawn by a search, to three digits."""
    return axis_value(float(f"{value:.3g}")) if isinstance(value, float) else axis_value(value)


def is_ordered(values: Sequence[AxisValue]) -> bool:
    """Whether these values of a setting are numbers, and not names."""
    return all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)
