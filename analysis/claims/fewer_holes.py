"""The LC-VAE fills holes: less of the prior lies where no image is encoded, as codes stand and whitened."""

from dataclasses import replace
from functools import partial

from analysis.claims.base import Claim, Finding, as_ratios, effects_of, judge, not_measured
from analysis.results import Results
from analysis.statistics.cells import as_cells, at_each_dim, inner_share, log_ratios
from analysis.statistics.lipschitz_pair import differing_words, lipschitz_pair

UNIT = "mass of holes of VAE / of LC-VAE"

SCALE = "The mass changes with the scale of the codes as well; the claim about whitened codes does without it."
UNUSED = (
    "Whitening also widens latent dimensions that a model does not use, until its codes vary there as the prior does: "
    "the mass is then smaller than that of the latent space as it is sampled."
)


def examine(column: str, caution: str, results: Results) -> Finding:
    """ln(VAE's mass of holes / LC-VAE's) is positive at each dim(z); codes are posterior means."""
    measures = results.measures("holes")
    if not measures:
        return not_measured("There are no masses of holes in the tables.")
    rows = results.rows(measures[0])
    rows = rows[rows["part"] == "means"]
    shares = [inner_share(mass, count) for mass, count in zip(rows[column], rows["samples"], strict=True)]
    pair = lipschitz_pair(results, results.means(rows.assign(share=shares), "share"))
    ratios = log_ratios(as_cells(pair.vae), as_cells(pair.lc_vae)) if pair else {}
    if pair is None or not ratios:
        return not_measured("It takes the holes of an LC-VAE and a VAE (or λ = 0 with c = ∞) of one dim(z) and seed.")
    estimates = at_each_dim(ratios)
    verdict, why = judge(effects_of(estimates))
    codes = "whitened posterior means" if column == "whitened_mass" else "posterior means"
    finding = Finding(
        verdict=verdict,
        why=why,
        statistic=f"Prior mass of holes between the {codes} of the VAE over that of the LC-VAE ({pair.setting}), "
        "paired by dim(z) and seed.",
        evidence=as_ratios(UNIT, estimates),
        cautions=(caution,),
    )
    return replace(finding, verdict="undecided", why=differing_words(pair)) if pair.differing else finding


CLAIM = Claim(
    title="The LC-VAE fills holes: less of the prior lies where no image is encoded",
    quote="The vanilla VAE leaves far larger holes in the latent space than does LC-VAE.",
    source="Manoj (2018), Looser is Worse, Section 4.2, with Definition 2.4",
    figure="holes",
    examine=partial(examine, "mass", SCALE),
    place=200,
)

WHITENED = Claim(
    title="The LC-VAE fills holes by more than the scale of its codes: fewer remain between whitened codes too",
    quote="There might be some scaling effect happening to the latent space.",
    source="Manoj (2018), Looser is Worse, Section 4.2, which suspects that the encoder only scales its codes",
    figure="holes",
    examine=partial(examine, "whitened_mass", UNUSED),
    place=210,
)
