"""Objectives of a search: numbers of one trained model, by name, each computed from its rows in one table."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from raysweep.study.measures.class_radius import CLASS_RADIUS
from raysweep.study.measures.frechet import FRECHET
from raysweep.study.measures.holes import HOLES
from raysweep.study.measures.omega import OMEGA
from raysweep.study.models import FamilySettings, LatentSettings
from raysweep.study.table import HISTORY, Table

CENSORED_AT_MOST = 0.1
"""The share of censored prior samples up to which a model has a class radius."""


@dataclass(frozen=True)
class Objective:
    """A number that a search makes small, or large where `maximise` says so."""

    words: str
    table: Table
    """The rows from which it is computed: a measure's, or those of the held-out loss in the training's history."""
    value: Callable[[pd.DataFrame], float]
    """The number of one trial, given its rows; not finite if it is not defined."""
    maximise: bool = False

    @property
    def direction(self) -> Literal["minimize", "maximize"]:
        """As Optuna names it."""
        return "maximize" if self.maximise else "minimize"

    @property
    def sign(self) -> int:
        """The sign that makes a smaller number the better one."""
        return -1 if self.maximise else 1

    @property
    def better(self) -> str:
        """Says which numbers are better."""
        return f"{'larger' if self.maximise else 'smaller'} is better"

    def applies_to(self, model: LatentSettings) -> bool:
        """Whether the family has that number; whether a measure applies to it, the measure says."""
        return self.table is not HISTORY or bool(model.loss_parts)


def loss_rows(history: pd.DataFrame, model: FamilySettings) -> pd.DataFrame:
    """The rows of a trial's history whose sum, step by step, is the model's held-out loss."""
    return history[(history["split"] == "validation") & history["metric"].isin(model.loss_parts)]


def held_out_losses(rows: pd.DataFrame) -> dict[int, float]:
    """The held-out loss by training step, given the `loss_rows` of a trial."""
    sums = rows.groupby("step")["value"].sum(min_count=rows["metric"].nunique())
    return dict(zip(map(int, sums.index), map(float, sums), strict=True))


def _held_out_loss(rows: pd.DataFrame) -> float:
    losses = held_out_losses(rows)
    return losses[max(losses)] if losses else np.nan


def relative_omega(rows: pd.DataFrame) -> "pd.Series[float]":
    """The looseness, from rows of `omega`: ω over that of codes as wide that are as far apart whatever their images."""
    return rows["scaled_omega"] / rows["unrelated_omega"]


def mean_radius(radii: NDArray[np.float64]) -> float:
    """The mean of the class radii of prior samples; NaN if no other class was found from any of them.

    A censored sample, whose radius is infinite, counts with the largest radius found, so that the mean is no more than
    it would be with the radius that the search missed.
    """
    censored = np.isinf(radii)
    return float(np.where(censored, radii[~censored].max(), radii).mean()) if not censored.all() else math.nan


def _looseness(rows: pd.DataFrame) -> float:
    return float(relative_omega(rows).mean())


def _whitened_holes(rows: pd.DataFrame) -> float:
    """Of samples of the posterior, where there is one: its means are less spread than the prior in any model."""
    part = "posterior" if "posterior" in set(rows["part"]) else "means"
    return float(rows.loc[rows["part"] == part, "whitened_mass"].mean())


def _class_radius(rows: pd.DataFrame) -> float:
    """Infinite where too many prior samples are censored for the mean to say much."""
    radii = rows["radius"].to_numpy(np.float64)
    return math.inf if np.isinf(radii).mean() > CENSORED_AT_MOST else mean_radius(radii)


def _collision_entropy(rows: pd.DataFrame) -> float:
    shares = rows["label"].value_counts(normalize=True).to_numpy()
    return float(-np.log(np.square(shares).sum()))


def _frechet(rows: pd.DataFrame) -> float:
    return float(rows.loc[rows["part"] == "samples", "distance"].mean())


OBJECTIVES: dict[str, Objective] = {
    "held_out_loss": Objective("held-out loss", HISTORY, _held_out_loss),
    "looseness": Objective("looseness (relative ω)", OMEGA, _looseness),
    "whitened_holes": Objective("holes between whitened codes", HOLES, _whitened_holes),
    "class_radius": Objective("class radius", CLASS_RADIUS, _class_radius),
    "collision_entropy": Objective("collision entropy of the classes", CLASS_RADIUS, _collision_entropy, maximise=True),
    "frechet": Objective("Fréchet distance of samples", FRECHET, _frechet),
}
"""Every objective that a `Tuning` can name. A new one is added here; docs/tuning.md says what each is."""


def nondominated(values: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which rows no other row dominates: no larger anywhere, and smaller somewhere."""
    no_larger = (values[:, None] <= values[None]).all(axis=2)
    smaller = (values[:, None] < values[None]).any(axis=2)
    dominated: NDArray[np.bool_] = np.any(no_larger & smaller, axis=0)
    return ~dominated
