"""The autoencoder's Fréchet distance falls with dim(z), and not because it returns training images."""

import math
from dataclasses import replace

from analysis.claims.base import MARGIN, Claim, Effect, Finding, as_ratios, as_slope, judge, not_measured
from analysis.results import Results
from analysis.statistics.cells import as_cells, at_each_dim, logarithms, main_values, slope
from raysweep.study.measures.memorisation import Memorisation

SLOPE_UNIT = "AE: exponent b in Fréchet distance ∝ dim(z)ᵇ"
RATIO_UNIT = "AE: distance to the nearest training image / that of held-out images"

SMALLEST = 1e-3
"""Smaller ratios count as this one: copies are at distance 0, which has no logarithm."""


def examine(results: Results) -> Finding:
    """The AE's slope is negative, and at the largest dim(z) its images are not nearer than held-out ones, but for the
    margin.
    """
    distances, memorisation = results.measures("frechet"), results.measures("memorisation")
    if not distances or not memorisation:
        return not_measured("It takes Fréchet distances and the measure of memorisation.")
    assert isinstance(memorisation[0], Memorisation)
    rows = results.rows(memorisation[0])
    ratio = (rows["median_distance"] / rows["held_out_median_distance"]).clip(lower=SMALLEST)
    in_features = rows.assign(ratio=ratio)[rows["space"] == memorisation[0].features]
    frechet, ratios = (
        as_cells(main_values(results, values, "autoencoder", "reconstructions"))
        for values in (results.means(results.rows(distances[0]), "distance"), results.means(in_features, "ratio"))
    )
    if min(len(frechet), len(ratios)) < 2:
        return not_measured("It takes an AE whose reconstructions are measured both ways at two or more dim(z).")
    falling, nearness = slope(logarithms(frechet)), at_each_dim(logarithms(ratios))
    largest, at_largest = list(nearness.items())[-1]
    room = math.log(MARGIN)
    not_nearer = replace(at_largest, value=at_largest.value + room, each=tuple(each + room for each in at_largest.each))
    verdict, why = judge([Effect("the AE's slope", -falling), Effect(f"the distance at {largest}", not_nearer)])
    return Finding(
        verdict=verdict,
        why=why,
        statistic="Least-squares slope b of ln(Fréchet distance of reconstructions of validation images) on ln dim(z); "
        "and the median distance, in features, of these reconstructions to the nearest training image, as a ratio to "
        "that of the validation images themselves. An AE that memorised would return training images, with a ratio "
        f"near 0; it did not if at the largest dim(z) the ratio is above 1 / {MARGIN}.",
        evidence=(
            as_slope(SLOPE_UNIT, "all dim(z)", falling),
            *as_ratios(RATIO_UNIT, nearness),
        ),
    )


CLAIM = Claim(
    title="The autoencoder's Fréchet distance does not fall by memorisation",
    quote="FID can be easily gamed by memorization, and for an autoencoder (which has direct access to samples) with "
    "an increasingly large bottleneck it is unsurprising that increasing dim-Z tends to decrease the FID.",
    source="an objection of a review of Pinetz, Soukup and Pock (2019), Impact of the latent space, to its Fig. 4; the "
    "claim answers it",
    figure="memorisation",
    examine=examine,
    place=100,
)
