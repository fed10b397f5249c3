"""The errors of the autoencoder and of the GAN converge for larger latent spaces."""

from analysis.claims.base import (
    MARGIN,
    Claim,
    Effect,
    Finding,
    Verdict,
    as_ratios,
    as_slope,
    judge,
    not_measured,
    within_margin,
)
from analysis.claims.inversion_floor import doubt_from_floor, floor_words
from analysis.claims.reconstruction_errors import GAN, reconstruction_errors
from analysis.results import Results
from analysis.statistics.cells import Cells, at_each_dim, log_ratios, slope, uneven_counts

UNIT = "error of WGAN-GP / error of AE"
SLOPE_UNIT = "exponent b in error of WGAN-GP / error of AE ∝ dim(z)ᵇ"


def examine(results: Results) -> Finding:
    """ln(GAN's error / AE's error) falls with dim(z), also with the optimiser's floor taken off, without crossing 0."""
    errors = reconstruction_errors(results)
    if isinstance(errors, Finding):
        return errors
    gan, ae, floor = errors.cells(GAN, "train"), errors.cells("autoencoder", "train"), errors.cells(GAN, "generated")
    ratios = log_ratios(gan, ae)
    if len(ratios) < 2:
        return not_measured(
            "It takes a WGAN-GP and an AE with the same seeds at two or more dim(z), both reconstructing."
        )
    verdict, why = _judge(ratios)
    doubt = doubt_from_floor(gan, floor, lambda rest: _judge(log_ratios(rest, ae))[0] == "supported")
    if verdict == "supported" and doubt:
        verdict, why = "undecided", f"The ratio of the errors falls, but {doubt}"
    falling, by_dim = slope(ratios), at_each_dim(ratios)
    return Finding(
        verdict=verdict,
        why=" ".join([why, *floor_words(gan, floor)]),
        statistic="Least-squares slope b on ln dim(z) of ln(mean squared error of the WGAN-GP over the AE's), on "
        "training images, paired by dim(z) and seed: of their ratio, since their difference falls wherever both do. "
        f"At the largest dim(z) the WGAN-GP's must not be smaller by more than a factor of {MARGIN}.",
        evidence=(
            as_slope(SLOPE_UNIT, "all dim(z)", falling),
            *as_ratios(UNIT, by_dim),
        ),
        cautions=uneven_counts([value for family in (GAN, "autoencoder") for value in errors.of(family, "train")]),
    )


def _judge(ratios: Cells) -> tuple[Verdict, str]:
    largest, last = list(at_each_dim(ratios).items())[-1]
    _, not_below = within_margin(f"{largest} (not smaller)", last)
    return judge([Effect("the slope", -slope(ratios)), not_below])


CLAIM = Claim(
    title="The errors of the AE and of the GAN converge for larger latent spaces",
    quote="the reconstruction error of the AE and the WGAN-GP converge for larger latent spaces",
    source="Pinetz, Soukup and Pock (2019), Impact of the latent space, supplementary, Fig. 9",
    figure="reconstruction_error",
    examine=examine,
    place=30,
)
