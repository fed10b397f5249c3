"""GANs that are more diverse have a smaller class radius."""

import math
from collections.abc import Callable

import numpy as np

from analysis.claims.base import Claim, Effect, Finding, as_slope, judge, not_measured
from analysis.results import Results
from analysis.statistics.correlation import rank_correlation
from analysis.statistics.intervals import contrast
from analysis.statistics.point_models import PointModel, Quantity, by_dim, point_models
from analysis.text.words import plural, span
from raysweep.study.measures.modes import Modes

WORDS: dict[Quantity, str] = {
    "captured": "captured modes",
    "classes": "the effective number of classes 1 / Σ pᵢ²",
}

POOLED = (
    "The models of one seed differ in their arms and settings, so what the correlation orders is these as much as "
    "their diversity; it says nothing of why."
)

BY_CHANCE = (
    "A model whose points lie anywhere captures many modes by chance, as the protocol asks for one sample on each; see "
    "the dashed line of the figure, and the shares of high-quality samples."
)


def examine(quantity: Quantity) -> Callable[[Results], Finding]:
    """−ρ over the models of each seed is positive at each dim(z)."""

    def find(results: Results) -> Finding:
        measures = [measure for measure in results.measures("modes") if isinstance(measure, Modes)]
        models = point_models(results, measures[0]) if measures else ()
        return (
            _judge(quantity, models) if models else not_measured("There are no modes beside class radii in the tables.")
        )

    return find


def _judge(quantity: Quantity, models: tuple[PointModel, ...]) -> Finding:
    unit = f"Spearman's ρ of {WORDS[quantity]} and class radius"
    groups = by_dim(models)
    cells = {dim: cell for dim, group in groups.items() if (cell := _by_seed(quantity, group))}
    if not cells:
        return not_measured(f"No seed has three models or more that differ in {WORDS[quantity]} and in class radius.")
    rows = list(cells.values())
    estimates = {f"dim(z) = {dim}": contrast(rows, [float(other == dim) for other in cells]) for dim in cells}
    verdict, why = judge([Effect(label, -estimate) for label, estimate in estimates.items()])
    counts = [len(_of_seed(group, seed)) for group in groups.values() for seed in _seeds(group)]
    infinite = sum(math.isinf(model.radius) for model in models)
    return Finding(
        verdict=verdict,
        why=why,
        statistic=f"{unit} over the {span(counts)} models of each seed, at one dim(z); infinite radii rank last.",
        evidence=tuple(as_slope(unit, label, estimate) for label, estimate in estimates.items()),
        cautions=(
            POOLED,
            *((BY_CHANCE,) if quantity == "captured" else ()),
            *((f"{plural(infinite, 'model')} of {len(models)} have an infinite class radius.",) if infinite else ()),
        ),
    )


def _by_seed(quantity: Quantity, models: list[PointModel]) -> dict[int, float]:
    """ρ of each seed that has one: three models or more, not all equal in either number."""
    found = {}
    for seed in _seeds(models):
        own = _of_seed(models, seed)
        value = rank_correlation(
            np.array([model.diversity[quantity] for model in own]), np.array([model.radius for model in own])
        )
        if len(own) >= 3 and not math.isnan(value):
            found[seed] = value
    return found


def _of_seed(models: list[PointModel], seed: int) -> list[PointModel]:
    return [model for model in models if model.trial.seed == seed]


def _seeds(models: list[PointModel]) -> list[int]:
    return sorted({model.trial.seed for model in models})


CAPTURED = Claim(
    title="GANs that capture more modes have a smaller class radius",
    quote="the GANs capturing more modes enjoy a lower class radius value",
    source="Manoj (2018), Looser is Worse, Section 3.1 and Fig. 3.1",
    figure="modes_radius",
    examine=examine("captured"),
    place=140,
)

COLLISIONS = Claim(
    title="Generators whose classes collide more often have a larger class radius",
    quote="a higher value of E[r(z)] implies that g is less diverse with respect to f",
    source="Manoj (2018), Looser is Worse, Section 3.1, from Theorem 3.1",
    figure="modes_radius",
    examine=examine("classes"),
    place=150,
)
