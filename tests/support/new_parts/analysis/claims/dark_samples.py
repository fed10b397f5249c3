"""Samples of digits are dark."""

from analysis.claims.base import Claim, Effect, Finding, as_slope, judge, not_measured
from analysis.results import Results
from analysis.statistics.cells import as_cells, at_each_dim


def examine(results: Results) -> Finding:
    """The mean pixel value is below 0 at each dim(z)."""
    measures = results.measures("brightness")
    if not measures:
        return not_measured("It takes the brightness of samples.")
    found = at_each_dim(as_cells(results.means(results.rows(measures[0]), "brightness")))
    verdict, why = judge([Effect(label, -estimate) for label, estimate in found.items()])
    evidence = tuple(as_slope("mean pixel value", label, estimate) for label, estimate in found.items())
    return Finding(verdict, why, "Mean pixel value of samples.", evidence)


CLAIM = Claim(
    title="Samples of digits are dark",
    quote="Digits are bright on a dark ground.",
    source="nobody",
    figure="brightness",
    examine=examine,
    place=1_000,
)
