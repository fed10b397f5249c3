"""Some λ and c beat the plain VAE: clearly better in an objective, and clearly worse in none."""

from collections.abc import Sequence
from itertools import groupby

from analysis.claims.base import Claim, Evidence, Finding, Verdict, not_measured
from analysis.results import Results
from analysis.statistics.searches import Difference, differences, found
from analysis.text.words import listing
from raysweep.study.objectives import OBJECTIVES

CAUTIONS = (
    "That a finalist is not clearly worse does not show that it is as good: the intervals say how much.",
    "Which finalists there are was decided on other seeds, but on the same held-out images.",
)


def examine(results: Results) -> Finding:
    """Each finalist minus its twin (the plain VAE with its dim(z) and learning rate), by objective and seed."""
    search = found(results)
    pairs = differences(search) if search else ()
    if search is None or not {"lam", "c"} & set(search.settings) or not pairs:
        return not_measured("It takes a search for λ or c, with finalists that have a twin on fresh seeds.")
    verdict, why = judge_finalists(pairs)
    ordered = sorted(pairs, key=lambda each: search.objectives.index(each.objective))
    return Finding(
        verdict=verdict,
        why=why,
        statistic="Gain of each finalist over the plain VAE with its other settings, paired by fresh seed and positive "
        "where the finalist is better. A finalist beats its twin if some gain is positive at the level 1 − 0.05/m "
        "(m gains in all), and none is negative at 95 %. One that does is enough; the claim is not supported if "
        "every finalist has a gain that is negative at the level 1 − 0.05/m.",
        evidence=tuple(_evidence(each) for each in ordered),
        cautions=CAUTIONS,
    )


def judge_finalists(pairs: Sequence[Difference]) -> tuple[Verdict, str]:
    """Whether some finalist beats its twin, and which; see the statistic."""
    level = 1 - 0.05 / len(pairs)
    beating, worse, finalists = [], [], []
    for name, group in groupby(pairs, lambda each: each.finalist.name):
        gains = [each.gain for each in group]
        finalists.append(name)
        if any(gain.interval(level)[1] < 0 for gain in gains):
            worse.append(name)
        elif any(gain.interval(level)[0] > 0 for gain in gains) and all(gain.interval()[1] >= 0 for gain in gains):
            beating.append(name)
    if beating:
        return "supported", f"Clearly better in an objective, and clearly worse in none: {listing(beating)}."
    if len(worse) == len(finalists):
        return "not supported", f"None does: every finalist is clearly worse in some objective ({listing(worse)})."
    return "undecided", "No finalist is clearly better in one objective without being clearly worse in another."


def _evidence(each: Difference) -> Evidence:
    words = OBJECTIVES[each.objective].words
    return Evidence(f"gain in {words}", each.finalist.name, each.gain.value, *each.gain.interval(), each.gain.each)


CLAIM = Claim(
    title="Some λ and c that the paper did not try beat the plain VAE",
    quote="There may be some combination of hyperparameters that we did not try that may yield better results.",
    source="Manoj (2018), Looser is Worse, Section 4.2, Future Work",
    figure="tuning_twins",
    examine=examine,
    place=240,
)
