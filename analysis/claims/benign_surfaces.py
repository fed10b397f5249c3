"""The inversion's loss surface around a generated image is always benign."""

from collections.abc import Iterable

from analysis.claims.base import Claim, Effect, Evidence, Finding, as_ratios, judge, not_measured
from analysis.results import Results, Value
from analysis.statistics.cells import Cells, as_cells, at_each_dim, inner_share, logarithm, main_values
from analysis.statistics.surfaces import BUMP, surface_means
from analysis.text.words import percent, span
from raysweep.study.measures.loss_surface import LossSurface

SELDOM = 0.05
"""The share of surfaces that need not be benign although the claim says "always": a margin of ours."""

UNITS = {
    "paper": "share of surfaces that are not benign",
    "random": "the same with a random β, which is not judged",
}

PLANE = (
    "A surface is a plane in a space of dim(z) dimensions through the solution itself: minima elsewhere, in which an "
    "inversion that does not know the solution can end, are not seen. The optimiser's floor tells about those."
)


def examine(results: Results) -> Finding:
    """ln(margin / share of surfaces that are not benign) is positive at each dim(z)."""
    shares: dict[str, list[Value]] = {}
    for measure in results.measures("loss_surface"):
        assert isinstance(measure, LossSurface)
        values = surface_means(lambda surface: surface.benign, results, results.rows(measure))
        shares.setdefault(measure.direction, main_values(results, values, "wgan_gp", "generated"))
    if not shares.get("paper"):
        return not_measured("It takes loss surfaces of a WGAN-GP around generated images, with the paper's β.")
    estimates = at_each_dim(_over(shares["paper"], SELDOM))
    verdict, why = judge([Effect(label, -estimate) for label, estimate in estimates.items()])
    return Finding(
        verdict=verdict,
        why=why,
        statistic=f"Share of the {span(value.count for value in shares['paper'])} surfaces of a trial that are not "
        "benign: that have a second minimum, or rise on the straight way from z = 0 to z*, by at least "
        f"{percent(BUMP)} of the loss at z = 0. Always benign means at most {percent(SELDOM)} of the surfaces are not, "
        "a margin of ours; k of n count as (k + ½) / (n + 1), so that none among few is no proof.",
        evidence=tuple(line for direction, unit in UNITS.items() for line in _lines(unit, shares.get(direction, ()))),
        cautions=(PLANE,),
    )


def _over(benign: Iterable[Value], margin: float) -> Cells:
    """ln of the share that is not benign over the margin."""
    values = list(benign)
    counts = {(value.trial.latent_dim, value.trial.seed): value.count for value in values}
    return {
        dim: {seed: logarithm(inner_share(1 - share, counts[dim, seed]) / margin) for seed, share in cell.items()}
        for dim, cell in as_cells(values).items()
    }


def _lines(unit: str, benign: Iterable[Value]) -> tuple[Evidence, ...]:
    return as_ratios(unit, at_each_dim(_over(benign, 1.0)))


CLAIM = Claim(
    title="The inversion's loss surface is always benign",
    quote="In our experiments this always resulted in benign structures. […] There is a clear optimization path from "
    "z₀ = 0 to a point z*.",
    source="Pinetz, Soukup and Pock (2019), Impact of the latent space, Section 3 and Fig. 2",
    figure="surface_shape",
    examine=examine,
    place=130,
)
