"""The autoencoder's reconstruction error lower-bounds the GAN's."""

from analysis.claims.base import Claim, Finding, Verdict, as_ratios, effects_of, judge, not_measured
from analysis.claims.inversion_floor import doubt_from_floor, floor_words
from analysis.claims.reconstruction_errors import GAN, reconstruction_errors
from analysis.results import Results
from analysis.statistics.cells import Cells, at_each_dim, log_ratios, uneven_counts

UNIT = "error of WGAN-GP / error of AE"


def examine(results: Results) -> Finding:
    """ln(GAN's error / AE's error) is positive at each dim(z), also when the optimiser's floor is taken off."""
    errors = reconstruction_errors(results)
    if isinstance(errors, Finding):
        return errors
    gan, ae, floor = (errors.cells(*of) for of in ((GAN, "train"), ("autoencoder", "train"), (GAN, "generated")))
    ratios = log_ratios(gan, ae)
    if not ratios:
        return not_measured("It takes a WGAN-GP and an AE with the same dim(z) and seed, both reconstructing.")
    estimates = at_each_dim(ratios)
    verdict, why = judge(effects_of(estimates))
    doubt = doubt_from_floor(gan, floor, lambda errors: _verdict(errors, ae) == "supported")
    if verdict == "supported" and doubt:
        verdict, why = "undecided", f"The GAN's error is larger at every dim(z), but {doubt}"
    return Finding(
        verdict=verdict,
        why=" ".join([why, *floor_words(gan, floor)]),
        statistic="Mean squared error of the WGAN-GP over the AE's, on training images, paired by dim(z) and seed.",
        evidence=as_ratios(UNIT, estimates),
        cautions=uneven_counts([*errors.of(GAN, "train"), *errors.of("autoencoder", "train")]),
    )


def _verdict(gan: Cells, ae: Cells) -> Verdict:
    estimates = at_each_dim(log_ratios(gan, ae))
    return judge(effects_of(estimates))[0]


CLAIM = Claim(
    title="The autoencoder's reconstruction error is a lower bound of the GAN's",
    quote="The AE acts as a lower bound for the GAN reconstruction loss.",
    source="Pinetz, Soukup and Pock (2019), Impact of the latent space, Section 5.1 and Fig. 3",
    figure="reconstruction_error",
    examine=examine,
    place=10,
)
