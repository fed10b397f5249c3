"""GANs that capture more modes have a smaller class radius."""

import math

import numpy as np

from analysis.claims.base import Claim, Effect, Finding, as_slope, judge, not_measured
from analysis.correlation import rank_correlation
from analysis.figures.modes_radius import ModesAndRadius, by_dim, modes_and_radius
from analysis.intervals import contrast
from analysis.results import Results
from analysis.words import plural, span

UNIT = "Spearman's ρ of captured modes and class radius"

POOLED = (
    "The models of one seed differ in their arms and settings, so what the correlation orders is these as much as the "
    "modes; it says nothing of why."
)


def examine(results: Results) -> Finding:
    """−ρ over the models of each seed is positive at each dim(z)."""
    measures = results.measures("modes")
    models = modes_and_radius(results, measures[0]) if measures else ()
    if not models:
        return not_measured("There are no captured modes beside class radii in the tables.")
    cells = {dim: _by_seed(group) for dim, group in by_dim(models).items()}
    usable = {dim: cell for dim, cell in cells.items() if cell}
    if not usable:
        return not_measured("No seed has three models or more that differ in captured modes and in class radius.")
    rows = list(usable.values())
    estimates = {f"dim(z) = {dim}": contrast(rows, [float(other == dim) for other in usable]) for dim in usable}
    verdict, why = judge([Effect(label, -estimate) for label, estimate in estimates.items()])
    counts = [
        sum(model.trial.seed == seed for model in group) for group in by_dim(models).values() for seed in _seeds(group)
    ]
    infinite = sum(math.isinf(model.radius) for model in models)
    return Finding(
        verdict=verdict,
        why=why,
        statistic=(f"{UNIT} over the {span(counts)} models of each seed, at one dim(z); infinite radii rank last."),
        evidence=tuple(as_slope(UNIT, label, estimate) for label, estimate in estimates.items()),
        cautions=(
            POOLED,
            *((f"{plural(infinite, 'model')} of {len(models)} have an infinite class radius.",) if infinite else ()),
        ),
    )


def _by_seed(models: list[ModesAndRadius]) -> dict[int, float]:
    """ρ of each seed that has one: three models or more, not all equal in either number."""
    found = {}
    for seed in _seeds(models):
        own = [model for model in models if model.trial.seed == seed]
        value = rank_correlation(
            np.array([float(model.captured) for model in own]), np.array([model.radius for model in own])
        )
        if len(own) >= 3 and not math.isnan(value):
            found[seed] = value
    return found


def _seeds(models: list[ModesAndRadius]) -> list[int]:
    return sorted({model.trial.seed for model in models})


CLAIM = Claim(
    title="GANs that capture more modes have a smaller class radius",
    quote="the GANs capturing more modes enjoy a lower class radius value",
    source="Manoj (2018), Looser is Worse, Section 3.1 and Fig. 3.1",
    figure="modes_radius",
    examine=examine,
)
