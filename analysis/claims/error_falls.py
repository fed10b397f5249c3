"""Reconstruction error falls with dim(z), for the autoencoder and for the GAN."""

from analysis.claims.base import Claim, Effect, Finding, as_slope, judge, not_measured
from analysis.claims.inversion_floor import doubt_from_floor, floor_words
from analysis.claims.reconstruction_errors import GAN, reconstruction_errors
from analysis.results import Results
from analysis.statistics.cells import Cells, logarithms, slope, uneven_counts

UNIT = "exponent b in error ∝ dim(z)ᵇ"


def examine(results: Results) -> Finding:
    """The slope of ln(error) on ln dim(z) is negative for both; the GAN's also with the optimiser's floor taken off."""
    errors = reconstruction_errors(results)
    if isinstance(errors, Finding):
        return errors
    gan, ae, floor = (errors.cells(*of) for of in ((GAN, "train"), ("autoencoder", "train"), (GAN, "generated")))
    if min(len(gan), len(ae)) < 2:
        return not_measured("It takes a WGAN-GP and an AE with at least two dim(z) each, both reconstructing.")
    slopes = {"WGAN-GP": slope(logarithms(gan)), "AE": slope(logarithms(ae))}
    verdict, why = judge([Effect(f"the {family}'s slope", -estimate) for family, estimate in slopes.items()])
    doubt = doubt_from_floor(gan, floor, _falls)
    if verdict == "supported" and doubt:
        verdict, why = "undecided", f"Both errors fall, but {doubt} A larger latent space may only be easier to search."
    return Finding(
        verdict=verdict,
        why=" ".join([why, *floor_words(gan, floor)]),
        statistic="Least-squares slope b of ln(mean squared error) on ln dim(z), on training images.",
        evidence=tuple(as_slope(UNIT, family, estimate) for family, estimate in slopes.items()),
        cautions=uneven_counts([*errors.of(GAN, "train"), *errors.of("autoencoder", "train")]),
    )


def _falls(errors: Cells) -> bool:
    return judge([Effect("slope", -slope(logarithms(errors)))])[0] == "supported"


CLAIM = Claim(
    title="Reconstruction error falls with dim(z), for the AE and for the GAN",
    quote="The reconstruction loss decreases for both the AE and the GAN generator with increasing latent space "
    "dimensions.",
    source="Pinetz, Soukup and Pock (2019), Impact of the latent space, Fig. 3",
    figure="reconstruction_error",
    examine=examine,
    place=20,
)
