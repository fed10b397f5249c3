"""The GAN's Fréchet distance barely changes with dim(z), the autoencoder's falls."""

from analysis.claims.base import MARGIN, Claim, Effect, Finding, as_ratios, as_slope, judge, not_measured, within_margin
from analysis.results import Results
from analysis.statistics.cells import as_cells, from_mean, logarithms, main_values, slope

GAN_UNIT = "WGAN-GP: distance / its mean over dim(z)"
AE_UNIT = "AE: exponent b in distance ∝ dim(z)ᵇ"


def examine(results: Results) -> Finding:
    """The GAN's distance stays within the margin of its mean over dim(z); the AE's slope on ln dim(z) is negative."""
    measures = results.measures("frechet")
    if not measures:
        return not_measured("There are no Fréchet distances in the tables.")
    values = results.means(results.rows(measures[0]), "distance")
    gan = as_cells(main_values(results, values, "wgan_gp", "samples"))
    ae = as_cells(main_values(results, values, "autoencoder", "reconstructions"))
    if min(len(gan), len(ae)) < 2:
        return not_measured("It takes a WGAN-GP's samples and an AE's reconstructions at two or more dim(z) each.")
    changes = from_mean(logarithms(gan))
    falling = slope(logarithms(ae))
    effects = [e for label, change in changes.items() for e in within_margin(f"{label} (WGAN-GP)", change)]
    verdict, why = judge([*effects, Effect("the AE's slope", -falling)])
    return Finding(
        verdict=verdict,
        why=why,
        statistic="For the GAN: Fréchet distance of samples at each dim(z) over its geometric mean over dim(z); it "
        f"barely changes if all lie within a factor of {MARGIN} either way. For the AE: least-squares slope b of "
        "ln(Fréchet distance of reconstructions) on ln dim(z).",
        evidence=(
            *as_ratios(GAN_UNIT, changes),
            as_slope(AE_UNIT, "all dim(z)", falling),
        ),
    )


CLAIM = Claim(
    title="The GAN's visual quality barely changes with dim(z), the autoencoder's improves",
    quote="The visual quality of the GAN generated images barely changes with different latent dimensionality. In "
    "contrast, the AE reconstructions gain quality and sharpness as the latent space increases.",
    source="Pinetz, Soukup and Pock (2019), Impact of the latent space, Section 5.2 and Fig. 4",
    figure="frechet_distance",
    examine=examine,
    place=90,
)
