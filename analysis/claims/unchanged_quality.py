"""The LC-VAE does not impact sample quality."""

from dataclasses import replace

from analysis.claims.base import MARGIN, Claim, Finding, as_ratios, judge, not_measured, within_margin
from analysis.results import Results
from analysis.statistics.cells import as_cells, at_each_dim, log_ratios
from analysis.statistics.lipschitz_pair import differing_words, lipschitz_pair

UNIT = "Fréchet distance of LC-VAE / of VAE"


def examine(results: Results) -> Finding:
    """ln(LC-VAE's Fréchet distance / VAE's) lies within the margin at each dim(z)."""
    measures = results.measures("frechet")
    if not measures:
        return not_measured("There are no Fréchet distances in the tables.")
    values = results.means(results.rows(measures[0]), "distance")
    pair = lipschitz_pair(results, [value for value in values if value.part == "samples"])
    ratios = log_ratios(as_cells(pair.lc_vae), as_cells(pair.vae)) if pair else {}
    if pair is None or not ratios:
        return not_measured(
            "It takes samples of an LC-VAE and a VAE (or λ = 0 with c = ∞) of the same dim(z) and seed."
        )
    estimates = at_each_dim(ratios)
    verdict, why = judge([e for label, estimate in estimates.items() for e in within_margin(label, estimate)])
    finding = Finding(
        verdict=verdict,
        why=why,
        statistic=f"Fréchet distance of samples of the LC-VAE ({pair.setting}) over that of the VAE, paired by dim(z) "
        f"and seed; no impact means within a factor of {MARGIN} either way.",
        evidence=as_ratios(UNIT, estimates),
    )
    return replace(finding, verdict="undecided", why=differing_words(pair)) if pair.differing else finding


CLAIM = Claim(
    title="The LC-VAE does not impact sample quality",
    quote="The sample quality is not obviously impacted by the addition of our regularizer.",
    source="Manoj (2018), Looser is Worse, Section 4.2",
    figure="frechet_distance",
    examine=examine,
    place=190,
)
