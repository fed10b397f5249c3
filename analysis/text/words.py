"""How names and numbers are written in figures and in the report."""

import math
import re
from collections.abc import Iterable, Sequence

from analysis.results import AxisValues
from raysweep.study.core import AxisValue
from raysweep.study.models import FamilySettings

AXES = {"latent_dim": "dim(z)", "lam": "λ", "c": "c"}
"""Symbols of axes; other axes are written by their names."""


def arm_label(arm: str, family: str) -> str:
    """An arm's name, in which the family's is written as the papers do: "LC-VAE grid" for `lc_vae_grid`."""
    kind = FamilySettings.kinds().get(family)
    names = {family: kind.label, **kind.variants} if kind else {family: family}
    # The longest name first: "sn_gan" contains "gan". A name is whole: "wgan" does not contain the family "gan".
    pattern = "|".join(rf"(?<![a-z]){name}(?![a-z])" for name in sorted(names, key=len, reverse=True))
    return re.sub(pattern, lambda found: names[found.group()], arm).replace("_", " ")


def axis_label(axis: str) -> str:
    """An axis's symbol or name."""
    return AXES.get(axis, axis.replace("_", " "))


def axis_value(value: AxisValue) -> str:
    """A value on an axis."""
    return setting(value)


def setting(value: object) -> str:
    """A setting as it was given: numbers are not rounded, infinity is ∞."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return number(value)
    if isinstance(value, float):
        return "∞" if value == math.inf else f"{value:,g}".replace("-", "−")
    if isinstance(value, tuple):
        return f"({', '.join(setting(item) for item in value)})"
    return str(value).replace("_", " ")


def axis_values(values: AxisValues) -> str:
    """Values with their axes: "λ = 30, c = 0.3"."""
    return ", ".join(f"{axis_label(axis)} = {axis_value(value)}" for axis, value in values)


def number(value: float, digits: int = 3) -> str:
    """A number for reading: `digits` significant digits, thousands separated, ∞ and a true minus sign."""
    if math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if float(value).is_integer() and abs(value) < 1e15:
        return f"{int(value):,}".replace("-", "−")
    exponent = math.floor(math.log10(abs(value)))
    if -4 <= exponent < digits:
        text = f"{value:.{max(0, digits - 1 - exponent)}f}"
    elif exponent >= digits:
        text = f"{value:,.0f}"
    else:
        text = f"{value:.{digits - 1}e}"
    return text.replace("-", "−")


def bounds(low: float, high: float, digits: int = 3) -> str:
    """An interval: "[0.1, 0.2]"."""
    return f"[{number(low, digits)}, {number(high, digits)}]"


def percent(share: float) -> str:
    """A share in per cent; a small one is never rounded to nothing, nor a large one to all."""
    if 0 < share < 0.005:
        return "under 1 %"
    if 0.995 < share < 1:
        return "over 99 %"
    return f"{100 * share:.0f} %"


def span(values: Iterable[int]) -> str:
    """Counts that may differ: "500", or "400 to 500"."""
    low, *rest = sorted(set(values))
    return number(low) if not rest else f"{number(low)} to {number(rest[-1])}"


def listing(words: Sequence[str]) -> str:
    """Words in a row: "a, b and c"."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"


def plural(count: int, noun: str) -> str:
    """A count with its noun: "1 seed", "2 seeds"."""
    return f"{number(count)} {noun}" if count == 1 else f"{number(count)} {noun}s"
