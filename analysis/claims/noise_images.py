"""Noise: its reconstruction does not depend on dim(z), unless that is very large."""

from analysis.claims.base import Claim, Effect, Finding, as_ratio, as_ratios, judge, not_measured, within_margin
from analysis.claims.reconstruction_errors import GAN, reconstruction_errors
from analysis.results import Results
from analysis.statistics.cells import from_mean, logarithms, uneven_counts
from analysis.statistics.intervals import contrast

UNITS = (
    "error on noise / its geometric mean over all dim(z) but the largest",
    "that mean / error at the largest dim(z)",
)

LARGEST = "The paper does not say which dim(z) is very large: here it is the largest of the study, whatever that is."


def examine(results: Results) -> Finding:
    """ln(error) on noise is within the margin of its mean over all dim(z) but the largest, where it is smaller."""
    errors = reconstruction_errors(results, "noise")
    if isinstance(errors, Finding):
        return errors
    cells = logarithms(errors.cells(GAN, "noise"))
    *smaller, largest = cells or (0,)
    if len(smaller) < 2:
        return not_measured("It takes a WGAN-GP with at least three dim(z) that reconstructs noise.")
    flat = from_mean({dim: cells[dim] for dim in smaller})
    fall = contrast(list(cells.values()), [*(1 / len(smaller) for _ in smaller), -1.0])
    within = [effect for label, estimate in flat.items() for effect in within_margin(label, estimate)]
    verdict, why = judge([*within, Effect(f"the fall at dim(z) = {largest}", fall)])
    return Finding(
        verdict=verdict,
        why=why,
        statistic="Mean squared error of the WGAN-GP on uniform noise.",
        evidence=(
            *as_ratios(UNITS[0], flat),
            as_ratio(UNITS[1], f"dim(z) = {largest}", fall),
        ),
        cautions=(LARGEST, *uneven_counts(errors.of(GAN, "noise"))),
    )


CLAIM = Claim(
    title="How well noise is reconstructed does not depend on dim(z), unless it is very large",
    quote="Here the reconstruction ability is independent of the initial latent space unless it is chosen very large.",
    source="Pinetz, Soukup and Pock (2019), Impact of the latent space, Section 6 and Fig. 8",
    figure="reconstruction_noise",
    examine=examine,
    place=80,
)
