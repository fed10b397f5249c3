"""Shifted images: worse than the originals where dim(z) is small, as good where it is large."""

from analysis.claims.base import Claim, Effect, Evidence, Finding, as_ratio, judge, not_measured, within_margin
from analysis.claims.reconstruction_errors import GAN, reconstruction_errors
from analysis.results import Results
from analysis.statistics.cells import at_each_dim, log_ratios, uneven_counts
from analysis.text.parts import SHIFTED, part_words

UNIT = "error of shifted images / of the originals"


def examine(results: Results) -> Finding:
    """ln(error of shifted / of original images): positive at the smallest dim(z), within the margin at the largest."""
    errors = reconstruction_errors(results, "train", SHIFTED)
    if isinstance(errors, Finding):
        return errors
    effects: list[Effect] = []
    evidence: list[Evidence] = []
    counted = errors.of(GAN, "train")
    for part in [part for part in errors.parts if part.startswith(SHIFTED)]:
        counted += errors.of(GAN, part)
        estimates = at_each_dim(log_ratios(errors.cells(GAN, part), errors.cells(GAN, "train")))
        if len(estimates) < 2:
            return not_measured(
                "It takes a WGAN-GP with at least two dim(z) that reconstructs training images as they are and shifted."
            )
        (smallest, first), *_, (largest, last) = estimates.items()
        effects += [Effect(f"{smallest}, {part_words(part)}", first)]
        effects += within_margin(f"{largest}, {part_words(part)}", last)
        evidence += [as_ratio(UNIT, f"{label}, {part_words(part)}", estimate) for label, estimate in estimates.items()]
    verdict, why = judge(effects)
    return Finding(
        verdict=verdict,
        why=why,
        statistic="Mean squared error of shifted training images over that of the same images as they are, of the "
        "WGAN-GP, paired by dim(z) and seed; judged at the smallest and at the largest dim(z).",
        evidence=tuple(evidence),
        cautions=uneven_counts(counted),
    )


CLAIM = Claim(
    title="Shifted images are reconstructed worse where dim(z) is small, and as well where it is large",
    quote="The error goes up and the visual quality of the reconstructions deteriorates even for small pixel shifts as "
    "long as the latent space is small enough. […] By increasing latent space dimension, the generator network is "
    "able to reconstruct translations with a similar precision as the original images.",
    source="Pinetz, Soukup and Pock (2019), Impact of the latent space, Section 5.3 and Fig. 6",
    figure="reconstruction_shifts",
    examine=examine,
    place=60,
)
