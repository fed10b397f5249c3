"""Models of two-dimensional points: modes that they capture, and their class radius."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from analysis.results import Results, TrialRow
from analysis.statistics.bounded_models import radius_measures
from analysis.statistics.class_radius import radii
from raysweep.study.data import GRID2D_DEVIATION
from raysweep.study.measures.class_radius import ClassRadius
from raysweep.study.measures.modes import Modes

Quantity = Literal["captured", "classes"]
"""A number of diversity: captured modes, or the effective number of classes 1 / ‖p‖²."""


@dataclass(frozen=True)
class PointModel:
    """The numbers of one model."""

    trial: TrialRow
    diversity: Mapping[Quantity, float]
    radius: float
    """Mean over prior samples; infinite if no other class was found from one of them."""


def point_models(results: Results, modes: Modes) -> tuple[PointModel, ...]:
    """Every model with a row in the measure `modes` and in the study's class radius by the nearest mode."""
    radius = radius_measure(results)
    if radius is None:
        return ()
    rows = results.rows(modes).set_index("trial").to_dict("index")
    return tuple(
        PointModel(
            value.trial,
            {"captured": float(row["captured"]), "classes": effective_classes(row["nearest"])},
            math.inf if value.censored else value.value,
        )
        for value in radii(results, results.rows(radius))
        if (row := rows.get(value.trial.id)) is not None
    )


def effective_classes(counts: Sequence[float]) -> float:
    """1 / Σ pᵢ² of the shares pᵢ of `counts`: as many equally likely classes collide as often.

    Its logarithm is the collision entropy of Manoj (2018), Section 3.
    """
    shares = np.asarray(counts) / np.sum(counts)
    return float(1 / (shares**2).sum())


def captured_by_chance(measure: Modes, modes: int) -> float:
    """The mean number of modes that evenly spread points capture: a mode's disc is π (k σ)² of its cell's 2 × 2."""
    near = math.pi * (measure.deviations * GRID2D_DEVIATION) ** 2 / 4
    return modes * (1 - (1 - near / modes) ** measure.samples)


def radius_measure(results: Results) -> ClassRadius | None:
    """The study's first class radius over the nearest modes, if it has any."""
    return next((m for m in radius_measures(results) if m.classifier == "nearest_mode"), None)


def by_dim(models: Sequence[PointModel]) -> dict[int, list[PointModel]]:
    """The models by dim(z): a class radius depends on it whatever the modes, so they are compared at one dim(z)."""
    dims = sorted({model.trial.latent_dim for model in models if model.trial.latent_dim is not None})
    return {dim: [model for model in models if model.trial.latent_dim == dim] for dim in dims}
