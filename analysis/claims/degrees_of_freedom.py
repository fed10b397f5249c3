"""A trained generator reconstructs better than an untrained one: it is not degrees of freedom alone."""

import math

from analysis.claims.base import Claim, Evidence, Finding, effects_of, judge, not_measured
from analysis.claims.inversion_floor import doubt_from_floor
from analysis.claims.reconstruction_errors import GAN, ReconstructionErrors, reconstruction_errors
from analysis.results import Results, Value
from analysis.statistics.cells import Cells, as_cells, at_each_dim, log_ratios, main_values, uneven_counts
from analysis.statistics.intervals import Estimate

UNITS = {
    "train": "share of the untrained generator's error that training explains",
    "noise": "the same on uniform noise, which is not judged",
}


def examine(results: Results) -> Finding:
    """ln(untrained generator's error / trained one's) is positive at each dim(z), also with the floor taken off."""
    errors = reconstruction_errors(results)
    if isinstance(errors, Finding):
        return errors
    trained_values, untrained_values = errors.of(GAN, "train"), untrained(errors, "train")
    trained, without = as_cells(trained_values), as_cells(untrained_values)
    ratios = log_ratios(without, trained)
    if not ratios:
        return not_measured(
            "It takes a WGAN-GP, and an arm of the same generator with steps=0, of the same dim(z) and seed."
        )
    estimates = at_each_dim(ratios)
    verdict, why = judge(effects_of(estimates))
    floor = as_cells(untrained(errors, "generated"))
    doubt = doubt_from_floor(without, floor, lambda rest: _supported(rest, trained))
    if verdict == "supported" and doubt:
        verdict, why = "undecided", f"The untrained generator's error is larger at every dim(z), but {doubt}"
    noise = log_ratios(as_cells(untrained(errors, "noise")), errors.cells(GAN, "noise"))
    return Finding(
        verdict=verdict,
        why=why,
        statistic="1 − (mean squared error of the trained generator) / (that of the untrained one), on training "
        "images, both inverted by the same solver with the same budget, paired by dim(z) and seed.",
        evidence=(
            *(_as_share(UNITS["train"], label, estimate) for label, estimate in estimates.items()),
            *(_as_share(UNITS["noise"], label, estimate) for label, estimate in at_each_dim(noise).items()),
        ),
        cautions=uneven_counts([*trained_values, *untrained_values]),
    )


def untrained(errors: ReconstructionErrors, part: str) -> list[Value]:
    """The errors of the first arm of the GAN's generator that was not trained."""
    return main_values(errors.results, errors.values, GAN, part, trained=False)


def _supported(untrained_cells: Cells, trained: Cells) -> bool:
    estimates = at_each_dim(log_ratios(untrained_cells, trained))
    return judge(effects_of(estimates))[0] == "supported"


def _as_share(unit: str, label: str, log_ratio: Estimate) -> Evidence:
    """1 − 1 / ratio, from the logarithm of the ratio, with its 95 % interval."""
    low, high = log_ratio.interval()
    return Evidence(
        unit,
        label,
        _share(log_ratio.value),
        _share(low),
        _share(high),
        tuple(_share(value) for value in log_ratio.each),
    )


def _share(log_ratio: float) -> float:
    return 1 - math.exp(-log_ratio) if log_ratio > -700 else -math.inf


CLAIM = Claim(
    title="A trained generator reconstructs its data better than its degrees of freedom alone do",
    quote="Since the GAN-based reconstruction is done via optimization it is unsurprising that increasing dim Z "
    "increases the reconstruction quality, as you are literally giving the model more degrees of freedom with which "
    "to fit the individual samples.",
    source="an objection of a review of Pinetz, Soukup and Pock (2019), Impact of the latent space, with its Fig. 8; "
    "the claim answers it",
    figure="reconstruction_error",
    examine=examine,
    place=50,
)
