"""Trained weights are normally distributed, and alike in all layers."""

import math
from collections.abc import Callable, Sequence

import pandas as pd

from analysis.claims.base import MARGIN, Claim, Effect, Finding, as_ratio, judge, not_measured
from analysis.results import Results, Value
from analysis.statistics.cells import Cells, as_cells, at_each_dim, logarithms, main_values
from analysis.statistics.weights import FEWEST, NORMAL_WITHIN, largest_distances, std_ratios
from analysis.text.words import number, setting, span

INITIAL = ", before training, which is not judged"

SOURCE = "Pinetz, Soukup and Pock (2019), Impact of the latent space, Section 3 and Fig. 1"

BATCH_NORM = (
    "A layer before BatchNorm can have weights of any scale without a change to what the network does: there the "
    "standard deviation tells how it was trained, not what it computes."
)

PAPER_STEPS = 80_000
"""Training steps of the paper's generators."""

Values = Callable[[Results, pd.DataFrame], tuple[Value, ...]]


def examine_normal(results: Results) -> Finding:
    """ln(margin / largest distance of a layer to normal) is positive at each dim(z)."""
    return _examine(
        results,
        largest_distances,
        NORMAL_WITHIN,
        "largest Kolmogorov-Smirnov distance D of a layer to normal",
        f"Largest Kolmogorov-Smirnov distance D of a layer's weights to the normal distribution of their mean and "
        f"standard deviation, of layers with at least {number(FEWEST)} weights; normal means at most "
        f"{setting(NORMAL_WITHIN)}, a margin of ours. A test's p-value would reject every layer, since they have so "
        "many weights.",
    )


def examine_alike(results: Results) -> Finding:
    """ln(margin / largest over smallest standard deviation) is positive at each dim(z)."""
    return _examine(
        results,
        std_ratios,
        MARGIN**2,
        "largest standard deviation of a layer / smallest",
        "Largest standard deviation of a layer's weights over the smallest; similar means that all lie within a factor "
        f"of {MARGIN} either way of one value.",
        BATCH_NORM,
    )


def _examine(results: Results, numbers: Values, margin: float, unit: str, statistic: str, *cautions: str) -> Finding:
    measures = results.measures("weights")
    if not measures:
        return not_measured("There are no weights in the tables.")
    found = [value for value in numbers(results, results.rows(measures[0])) if math.isfinite(value.value)]
    values = {state: main_values(results, found, "wgan_gp", state) for state in ("trained", "initial")}
    trained, initial = (as_cells(own) for own in values.values())
    if not trained:
        return not_measured("It takes a WGAN-GP, with enough weights in a layer.")
    verdict, why = judge([Effect(label, -each) for label, each in at_each_dim(_over(trained, margin)).items()])
    return Finding(
        verdict=verdict,
        why=why,
        statistic=statistic,
        evidence=tuple(
            as_ratio(words, label, estimate)
            for words, cells in ((unit, trained), (unit + INITIAL, initial))
            for label, estimate in at_each_dim(logarithms(cells)).items()
        ),
        cautions=(*cautions, *_short(values["trained"])),
    )


def _short(trained: Sequence[Value]) -> tuple[str, ...]:
    """A caution where training was shorter than the paper's."""
    steps = [value.trial.steps for value in trained]
    if min(steps) >= PAPER_STEPS:
        return ()
    return (
        f"Training took {span(steps)} steps, the paper's {number(PAPER_STEPS)}: more is left of the distribution from "
        "which it starts.",
    )


def _over(cells: Cells, margin: float) -> Cells:
    """ln of every number over the margin."""
    return {
        dim: {seed: value - math.log(margin) for seed, value in cell.items()} for dim, cell in logarithms(cells).items()
    }


NORMAL = Claim(
    title="The weights of a trained generator are normally distributed",
    quote="Notice, that the weights share the same characteristics as if they were drawn from a normal distribution.",
    source=SOURCE,
    figure="weight_normality",
    examine=examine_normal,
    place=110,
)

ALIKE = Claim(
    title="The weights of a trained generator have similar spreads in all layers",
    quote="The standard deviation used for the initialization process differs for each layer. However, as is "
    "demonstrated in Fig. 1, all layers converged to a similar gaussian distribution.",
    source=SOURCE,
    figure="weight_normality",
    examine=examine_alike,
    place=120,
)
