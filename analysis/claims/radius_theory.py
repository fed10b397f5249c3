"""The class radius keeps to the lemma, and the theorem's assumption holds for trained models."""

import math
from collections.abc import Callable

from analysis.claims.base import Claim, Finding, as_ratios, effects_of, judge, not_measured
from analysis.results import Results
from analysis.statistics.bounded_models import BoundedModel, bounded_models, radius_measures
from analysis.statistics.cells import Cells, at_each_dim, logarithm
from raysweep.theory.class_radius import THEOREM_LIMIT

Number = Callable[[BoundedModel], float]


def room_under_lemma(model: BoundedModel) -> float:
    """The most that Lemma B.4 allows, given the interval of the class probabilities, over the class radius."""
    return model.lemma.limit / model.radius.value if model.radius.value else math.inf


def room_under_limit(model: BoundedModel) -> float:
    """1/5 over the largest class probability."""
    return THEOREM_LIMIT / model.largest.value


def examine(room: Number, statistic: str, unit: str, caution: str) -> Callable[[Results], Finding]:
    """ln of the least room among the models of each seed is positive at each dim(z)."""

    def find(results: Results) -> Finding:
        cells = _least(results, room)
        if not cells:
            return not_measured("There are no class radii in the tables, or only infinite ones.")
        estimates = at_each_dim(cells)
        verdict, why = judge(effects_of(estimates))
        evidence = as_ratios(unit, estimates)
        return Finding(verdict, why, statistic, evidence, (caution,))

    return find


def _least(results: Results, room: Number) -> Cells:
    """By dim(z) and seed, ln of the least room among the models whose class radius and bound are finite."""
    least: dict[int, dict[int, float]] = {}
    for measure in radius_measures(results)[:1]:
        for model in bounded_models(results, measure):
            dim, seed = model.trial.latent_dim, model.trial.seed
            if dim is None or not math.isfinite(model.radius.value) or not math.isfinite(model.lemma.limit):
                continue
            cell = least.setdefault(dim, {})
            cell[seed] = min(cell.get(seed, math.inf), logarithm(room(model)))
    return least


LEMMA = Claim(
    title="The class radius is within the bound of Lemma B.4",
    quote="The class radius can be bounded by a function of the diversity of the generative model",
    source="Manoj (2018), Looser is Worse, Section 3 and Lemma B.4",
    figure="radius_theory",
    examine=examine(
        room_under_lemma,
        "The upper 95 % limit of the lemma's bound over the measured class radius, the smallest among the models of "
        "each seed at one dim(z); above 1 where the radius keeps to the bound.",
        "the lemma's limit over the class radius, smallest of a seed",
        "The lemma is proven, and the class radius measured is an upper estimate: a failure would be the search's.",
    ),
    place=160,
)

ASSUMPTION = Claim(
    title="No class is generated with a probability above 1/5, as Theorem 3.1 assumes",
    quote="we enforce the following reasonable assumption on the generated distribution",
    source="Manoj (2018), Looser is Worse, Section 3",
    figure="radius_theory",
    examine=examine(
        room_under_limit,
        "1/5 over the largest class probability, the smallest among the models of each seed at one dim(z); above 1 "
        "where the theorem is proven for all of them.",
        "1/5 over the largest class probability, smallest of a seed",
        "The largest of several estimated probabilities is somewhat too large. Models of infinite class radius, which "
        "have one class only, are left out, and fail the assumption.",
    ),
    place=170,
)
