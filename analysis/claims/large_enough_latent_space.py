"""A LeNet learns from the GAN's reconstructions as from real images, but only given a large enough latent space."""

import math
from dataclasses import replace

from analysis.claims.base import MARGIN, Claim, Effect, Finding, as_ratios, judge, not_measured, within_margin
from analysis.claims.reconstruction_errors import GAN
from analysis.results import Results
from analysis.statistics.cells import as_cells, at_each_dim, log_ratios, main_values
from analysis.statistics.intervals import Estimate

UNIT = "accuracy from reconstructions / from real images"


def examine(results: Results) -> Finding:
    """ln(accuracy / control's accuracy) lies within the margin at the largest dim(z), and below it at the smallest."""
    measures = results.measures("reconstruction_classifier")
    if not measures:
        return not_measured("No LeNet learned from reconstructions.")
    values = results.means(results.rows(measures[0]), "accuracy")
    learned, control = (as_cells(main_values(results, values, GAN, part)) for part in ("reconstructions", "real"))
    estimates = at_each_dim(log_ratios(learned, control))
    if len(estimates) < 2:
        return not_measured(
            "It takes a LeNet that learned from the reconstructions of a WGAN-GP at two or more dim(z)."
        )
    (smallest, few), *_, (largest, many) = estimates.items()
    _, not_below = within_margin(f"{largest} (as from real images)", many)
    verdict, why = judge([not_below, Effect(f"{smallest} (not so)", _below_margin(few))])
    return Finding(
        verdict=verdict,
        why=why,
        statistic="Accuracy on real validation images of a LeNet that learned from the WGAN-GP's reconstructions, over "
        "that of one that learned from the images themselves, paired by seed. It works if the accuracy is lower by a "
        f"factor of {MARGIN} at most: so it must be at the largest dim(z), and must not be at the smallest.",
        evidence=as_ratios(UNIT, estimates),
    )


def _below_margin(ratio: Estimate) -> Estimate:
    """Positive if a log ratio lies below −ln `MARGIN`."""
    room = math.log(MARGIN)
    return replace(-ratio, value=-ratio.value - room, each=tuple(-value - room for value in ratio.each))


CLAIM = Claim(
    title="A classifier can learn from the GAN's reconstructions, given a large enough latent space",
    quote="In contrast to their work, we show that this only works given a large enough latent space",
    source="Pinetz, Soukup and Pock (2019), Impact of the latent space, supplementary, Fig. 9",
    figure="reconstruction_classifier",
    examine=examine,
    place=40,
)
