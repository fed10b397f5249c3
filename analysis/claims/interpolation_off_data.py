"""The LC-VAE's interpolations: less time off the data, or no substantial improvement; the paper says both."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from analysis.claims.base import (
    MARGIN,
    Claim,
    Effect,
    Finding,
    as_ratios,
    effects_of,
    judge,
    not_measured,
    within_margin,
)
from analysis.results import Results
from analysis.statistics.cells import as_cells, at_each_dim, inner_share, log_ratios
from analysis.statistics.intervals import Estimate
from analysis.statistics.lipschitz_pair import differing_words, lipschitz_pair

UNIT = "share off the data of VAE / of LC-VAE"

BLIND = (
    "Blends of the pixels of two images are off the data no more often than held-out images are: the distance hardly "
    "tells what lies between images from images."
)


def examine(effects: Callable[[Mapping[str, Estimate]], Sequence[Effect]], meaning: str, results: Results) -> Finding:
    """ln(VAE's share off the data / LC-VAE's), of straight paths between encodings, at each dim(z)."""
    measures = results.measures("interpolation")
    if not measures:
        return not_measured("There are no interpolations in the tables.")
    rows = results.rows(measures[0])
    blends = rows[rows["part"] == "blend"]
    blind = len(blends) > 0 and blends["off"].mean() <= 1 - blends["quantile"].iloc[0]
    values = results.means(rows[rows["part"] == "linear"], "off")
    pair = lipschitz_pair(results, [replace(v, value=inner_share(v.value, v.count)) for v in values])
    ratios = log_ratios(as_cells(pair.vae), as_cells(pair.lc_vae)) if pair else {}
    if pair is None or not ratios:
        return not_measured(
            "It takes interpolations of an LC-VAE and a VAE (or λ = 0 with c = ∞) of one dim(z) and seed."
        )
    estimates = at_each_dim(ratios)
    verdict, why = judge(effects(estimates))
    finding = Finding(
        verdict=verdict,
        why=why,
        statistic="Share of the straight path between two encodings that is decoded off the data, of the VAE over that "
        f"of the LC-VAE ({pair.setting}), paired by dim(z) and seed; {meaning}.",
        evidence=as_ratios(UNIT, estimates),
        cautions=(BLIND,) if blind else (),
    )
    return replace(finding, verdict="undecided", why=differing_words(pair)) if pair.differing else finding


def _not_much_smaller(estimates: Mapping[str, Estimate]) -> list[Effect]:
    """Only the distance to the upper end counts: a share that grows is no improvement either."""
    return [within_margin(label, estimate)[0] for label, estimate in estimates.items()]


LESS = Claim(
    title="Interpolations spend less time off the data by the LC-VAE than by the VAE",
    quote="An interpolation performed by drawing a line between the two latent representations of two images spends "
    "less time off the data manifold when the latent representations are determined via our modifications.",
    source="Manoj (2018), Looser is Worse, Section 4.2",
    figure="interpolation",
    examine=partial(examine, effects_of, "above 1 the LC-VAE is off the data less"),
    place=220,
)

NO_IMPROVEMENT = Claim(
    title="The LC-VAE does not substantially improve interpolations",
    quote="Our results do not show substantial improvements in sample and interpolation quality over vanilla VAEs.",
    source="Manoj (2018), Looser is Worse, abstract",
    figure="interpolation",
    examine=partial(examine, _not_much_smaller, f"no substantial improvement means less than a factor of {MARGIN}"),
    place=230,
)
