"""A GAN reconstructs images of another data set better than its own."""

from analysis.claims.base import Claim, Finding, as_ratios, effects_of, judge, not_measured
from analysis.claims.reconstruction_errors import GAN, reconstruction_errors
from analysis.results import Results
from analysis.statistics.cells import at_each_dim, log_ratios, uneven_counts

UNITS = {
    GAN: "error on own / on foreign images",
    "autoencoder": "the same of the AE, which is not judged",
}

OTHER_DATA = (
    "The paper trains on CelebA, and its foreign images are of CIFAR-10, resized. Which images are easier depends on "
    "both data sets: between others the claim may well be false."
)


def examine(results: Results) -> Finding:
    """ln(own error / foreign error) of the GAN is positive at each dim(z)."""
    errors = reconstruction_errors(results, "validation", "foreign")
    if isinstance(errors, Finding):
        return errors
    gan, ae = (
        at_each_dim(log_ratios(errors.cells(family, "validation"), errors.cells(family, "foreign"))) for family in UNITS
    )
    if not gan:
        return not_measured(
            "It takes a WGAN-GP that reconstructs validation images of its own and of another data set."
        )
    verdict, why = judge(effects_of(gan))
    known = (results.study.data.kind, errors.foreign) == ("celeba", "cifar10")
    return Finding(
        verdict=verdict,
        why=why,
        statistic="Mean squared error of the WGAN-GP on validation images of its own data set over that on those of "
        f"another one, {errors.foreign.replace('_', ' ')}, paired by dim(z) and seed.",
        evidence=(
            *as_ratios(UNITS[GAN], gan),
            *as_ratios(UNITS["autoencoder"], ae),
        ),
        cautions=(
            *(() if known else (OTHER_DATA,)),
            *uneven_counts([value for part in ("validation", "foreign") for value in errors.of(GAN, part)]),
        ),
    )


CLAIM = Claim(
    title="A GAN reconstructs images of another data set better than its own",
    quote="The reconstruction of the CelebA images is always worse as measured by the MSE.",
    source="Pinetz, Soukup and Pock (2019), Impact of the latent space, Section 5.3 and Figs. 7 and 11",
    figure="reconstruction_own_foreign",
    examine=examine,
    place=70,
)
