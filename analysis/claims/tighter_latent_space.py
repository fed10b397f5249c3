"""The LC-VAE's latent space is tighter: a smaller class radius than the VAE's."""

from dataclasses import replace

from analysis.claims.base import Claim, Finding, as_ratios, effects_of, judge, not_measured
from analysis.results import Results
from analysis.statistics.cells import as_cells, at_each_dim, log_ratios
from analysis.statistics.class_radius import radii
from analysis.statistics.lipschitz_pair import LipschitzPair, differing_words, lipschitz_pair
from analysis.text.words import plural

UNIT = "class radius of VAE / of LC-VAE"

SCALE = (
    "A class radius shrinks with the scale of the latent space as well (the paper says itself that its encoder may "
    "cheat in this way), and it is not normalised here."
)


def examine(results: Results) -> Finding:
    """ln(VAE's class radius / LC-VAE's) is positive at each dim(z)."""
    measures = results.measures("class_radius")
    if not measures:
        return not_measured("There are no class radii in the tables.")
    pair = lipschitz_pair(results, radii(results, results.rows(measures[0])))
    if pair is None:
        return not_measured("It takes an LC-VAE and a VAE (or λ = 0 with c = ∞), both with class radii.")
    ours, plain = (as_cells([value for value in side if not value.censored]) for side in (pair.lc_vae, pair.vae))
    ratios = log_ratios(plain, ours)
    if not ratios:
        return not_measured("No LC-VAE and VAE of the same dim(z) and seed have class radii without censored samples.")
    estimates = at_each_dim(ratios)
    verdict, why = judge(effects_of(estimates))
    finding = Finding(
        verdict=verdict,
        why=why,
        statistic=f"Class radius of the VAE over that of the LC-VAE ({pair.setting}), paired by dim(z) and seed.",
        evidence=as_ratios(UNIT, estimates),
        cautions=(SCALE,),
    )
    if pair.differing:
        return replace(finding, verdict="undecided", why=differing_words(pair))
    return _without_censored(finding, pair)


def _without_censored(finding: Finding, pair: LipschitzPair) -> Finding:
    """Says which trials of infinite radius are left out. A verdict stands only if those trials would confirm it."""
    for name, values, against in (("LC-VAE", pair.lc_vae, "supported"), ("VAE", pair.vae, "not supported")):
        censored = [value for value in values if value.censored]
        if not censored:
            continue
        word = "against" if against == "supported" else "for"
        lost = (
            f"In {plural(len(censored), 'trial')} of the {name} no other class was found for some prior samples: the "
            f"class radius is infinite there, which speaks {word} the claim, and the ratios leave them out."
        )
        verdict = "undecided" if finding.verdict == against else finding.verdict
        finding = replace(finding, verdict=verdict, why=f"{finding.why} {lost}")
    return finding


CLAIM = Claim(
    title="The LC-VAE tightens the latent space: its class radius is smaller than the VAE's",
    quote="LC-VAE indeed prevents looseness of the latent space.",
    source="Manoj (2018), Looser is Worse, Section 4.2, with Definition 2.5",
    figure="class_radius",
    examine=examine,
    place=180,
)
