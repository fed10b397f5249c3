"""The form of a claim, and the one rule by which every verdict is reached."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Literal

from analysis.results import Results
from analysis.statistics.intervals import ENOUGH_SEEDS, Estimate
from analysis.text.words import listing

Verdict = Literal["supported", "not supported", "undecided", "not measured", "failed"]
"""The verdict on a claim; `failed` if its examination raised an error, which the report shows."""

MARGIN = 1.25
"""The factor, either way, that still counts as "barely" or "no" change. The papers state none: this one is ours."""

RULE = (
    "Every claim is turned into quantities that are positive where it holds: one at each dim(z), or one slope. "
    "Each gets a 95 % Student-t interval over the seeds, on a logarithmic scale; the spread over seeds is pooled "
    "over the dim(z) of one comparison, where it is taken to be equal. A claim is supported if every interval "
    "lies wholly on its side. It is not supported if some interval lies wholly on the other side, at the level 1 "
    "− 0.05/m for m quantities, so that one chance among many does not refute it. Otherwise it is undecided: "
    f"always so with one seed, since nothing is then known about the spread. With fewer than {ENOUGH_SEEDS} seeds "
    "every single seed must agree as well. A claim that something does not change is supported if the whole "
    f"interval lies within a factor of {MARGIN} either way, and not supported if it lies wholly outside; that "
    "margin is ours, as the papers give none."
)


@dataclass(frozen=True)
class Effect:
    """A quantity that is positive if the claim holds at `label`."""

    label: str
    estimate: Estimate

    def holds(self) -> bool:
        """Whether the 95 % interval is wholly positive, and every seed too if they are few."""
        return self.estimate.interval()[0] > 0 and self._seeds_agree(1)

    def fails(self, level: float) -> bool:
        """Whether the interval of that level is wholly negative, and every seed too if they are few."""
        return self.estimate.interval(level)[1] < 0 and self._seeds_agree(-1)

    def _seeds_agree(self, sign: int) -> bool:
        each = self.estimate.each
        return len(each) >= ENOUGH_SEEDS or (bool(each) and all(sign * value > 0 for value in each))


@dataclass(frozen=True)
class Evidence:
    """A line of a claim's table, in natural units: a ratio rather than its logarithm."""

    unit: str
    """Names the value."""
    label: str
    """Its place: which dim(z), which family."""
    value: float
    low: float
    high: float
    seeds: tuple[float, ...]


@dataclass(frozen=True)
class Finding:
    """What became of a claim."""

    verdict: Verdict
    why: str
    statistic: str = ""
    """What is measured, in words."""
    evidence: tuple[Evidence, ...] = ()
    cautions: tuple[str, ...] = ()

    @property
    def headline(self) -> list[tuple[str, list[Evidence]]]:
        """The values by unit: all if there are one or two, else the smallest and the largest."""
        return [(unit, _ends(lines)) for unit, lines in self.by_unit]

    @property
    def by_unit(self) -> list[tuple[str, list[Evidence]]]:
        """The evidence by unit."""
        return [(unit, list(lines)) for unit, lines in groupby(self.evidence, lambda line: line.unit)]


@dataclass(frozen=True)
class Claim:
    """A claim of a paper and how it is tested."""

    title: str
    quote: str
    source: str
    figure: str
    """The figure that shows the numbers, with their protocol: its name in `FIGURES`."""
    examine: Callable[[Results], Finding]
    place: int
    """The report lists claims in the order of these numbers."""


def effects_of(estimates: Mapping[str, Estimate]) -> list[Effect]:
    """An effect for each place: that the estimate there is positive."""
    return [Effect(label, estimate) for label, estimate in estimates.items()]


def judge(effects: Sequence[Effect]) -> tuple[Verdict, str]:
    """The verdict that `RULE` gives, and why.

    Raises:
        ValueError: there are no effects to judge by.
    """
    if not effects:
        raise ValueError("no effects to judge by")
    if any(effect.estimate.freedom == 0 for effect in effects):
        return "undecided", "There is one seed only, so nothing is known about the spread over seeds."
    level = 1 - 0.05 / len(effects)
    against = [effect.label for effect in effects if effect.fails(level)]
    if against:
        return "not supported", f"The interval lies wholly on the other side for {_places(against)}."
    undefined = [effect.label for effect in effects if not math.isfinite(effect.estimate.value)]
    if undefined:
        return (
            "undecided",
            f"A number that is 0, negative or not finite has no finite logarithm, so there is no interval for "
            f"{_places(undefined)}.",
        )
    unclear = [effect.label for effect in effects if not effect.holds()]
    if unclear:
        return (
            "undecided",
            f"The interval, or one of few seeds, does not lie on the claimed side for {_places(unclear)}.",
        )
    return "supported", "Every interval lies wholly on the claimed side."


def within_margin(label: str, estimate: Estimate) -> tuple[Effect, Effect]:
    """Two effects that are positive if a log ratio lies within ± ln `MARGIN`: its distances to both ends."""
    room = math.log(MARGIN)
    above = replace(estimate, value=room - estimate.value, each=tuple(room - value for value in estimate.each))
    below = replace(estimate, value=room + estimate.value, each=tuple(room + value for value in estimate.each))
    return Effect(label, above), Effect(label, below)


def as_ratio(unit: str, label: str, estimate: Estimate) -> Evidence:
    """A log ratio as evidence: the ratio, with its 95 % interval."""
    low, high = estimate.interval()
    return Evidence(
        unit, label, _exp(estimate.value), _exp(low), _exp(high), tuple(_exp(value) for value in estimate.each)
    )


def as_ratios(unit: str, estimates: Mapping[str, Estimate]) -> tuple[Evidence, ...]:
    """Log ratios at several places as evidence."""
    return tuple(as_ratio(unit, label, estimate) for label, estimate in estimates.items())


def as_slope(unit: str, label: str, estimate: Estimate) -> Evidence:
    """A slope as evidence, with its 95 % interval."""
    return Evidence(unit, label, estimate.value, *estimate.interval(), estimate.each)


def not_measured(why: str) -> Finding:
    """A claim whose numbers are not in the tables."""
    return Finding("not measured", why)


def _ends(lines: Sequence[Evidence]) -> list[Evidence]:
    ordered = sorted(lines, key=lambda line: line.value)
    return list(lines) if len(lines) < 3 else [ordered[0], ordered[-1]]


def _exp(value: float) -> float:
    return math.inf if value >= 700 else math.exp(value)


def _places(labels: Sequence[str]) -> str:
    return listing(list(dict.fromkeys(labels)))
