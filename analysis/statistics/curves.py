"""From one number for each trial to curves: the mean over seeds along each axis that the study sweeps."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from analysis.results import AxisValues, Results, TrialRow, Value
from analysis.statistics.intervals import SeedInterval, over_seeds
from analysis.text.words import arm_label, axis_values
from raysweep.study.core import AxisValue


@dataclass(frozen=True)
class Curve:
    """A line of a figure. The arrays have one entry for each value of `x`, which are those of the panel's axis."""

    label: str
    """The label of its colour: the arm, with the values of axes that are not on another axis of the figure."""
    arm: str
    latent_dim: int | None
    """dim(z) of the whole curve; None where dim(z) is its axis."""
    part: str
    x: tuple[AxisValue, ...]
    mean: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    seeds: NDArray[np.int64]
    censored: NDArray[np.float64]
    """Share of prior samples without a value: with any, the mean is a lower bound."""
    level: bool = False
    """Whether its arm sweeps nothing: one number, the same all along the axis."""


@dataclass(frozen=True)
class Panel:
    """One pair of axes: curves along `axis`."""

    axis: str
    values: tuple[AxisValue, ...]
    """Every value on the axis, in order."""
    curves: tuple[Curve, ...]


def panels(results: Results, values: Sequence[Value]) -> tuple[Panel, ...]:
    """A panel against dim(z) with one curve for each arm and part, then one for each other axis that was swept.

    Against dim(z), axes other than it are at the arm's own values, and arms that sweep other axes only are left out;
    along another axis every combination is a curve.
    The first panel is left out where dim(z) never varies and another axis does. Arms that sweep nothing are then levels
    in the other panels. An axis with only one value left is no panel, unless nothing else could be shown. There is no
    panel only if no value has dim(z) or another axis.
    """
    others = _swept_axes(values)
    against_dim = _against_dim(results, values, others)
    if not against_dim.curves and not others:
        others = tuple(dict.fromkeys(axis for value in values for axis, _ in value.trial.others))
    if len(against_dim.values) > 1 or not others:
        along = tuple(_along(axis, values) for axis in others)
        return ((against_dim,) if against_dim.curves else ()) + along
    levels: dict[tuple[str, str], list[Value]] = {}
    for value in values:
        if not value.trial.axes:
            levels.setdefault((value.trial.arm, value.part), []).append(value)
    alone = [_along(axis, values, named=bool(levels)) for axis in others]
    return tuple(
        replace(panel, curves=(*panel.curves, *(_level(panel.values, own) for own in levels.values())))
        for panel in alone
    )


def _swept_axes(values: Sequence[Value]) -> tuple[str, ...]:
    """Axes other than dim(z) that take several values within an arm, in the arms' order."""
    seen: dict[str, set[tuple[str, AxisValue]]] = {}
    for value in values:
        for axis, at in value.trial.others:
            seen.setdefault(axis, set()).add((value.trial.arm, at))
    return tuple(axis for axis, points in seen.items() if len(points) > len({arm for arm, _ in points}))


def _against_dim(results: Results, values: Sequence[Value], others: Sequence[str]) -> Panel:
    groups: dict[tuple[str, str], list[tuple[AxisValue, Value]]] = {}
    for value in values:
        trial = value.trial
        belongs = "latent_dim" in trial.axes or not any(axis in others for axis in trial.axes)
        if trial.latent_dim is not None and belongs and results.is_main(trial):
            groups.setdefault((trial.arm, value.part), []).append((trial.latent_dim, value))
    curves = tuple(_curve(series_label(points[0][1].trial), None, points) for points in groups.values())
    return Panel("latent_dim", _axis_order(curves), curves)


def _along(axis: str, values: Sequence[Value], named: bool = False) -> Panel:
    """The arms that sweep the axis; labels name the arm if there are several, or if `named`."""
    groups: dict[tuple[str, AxisValues, int | None, str], list[tuple[AxisValue, Value]]] = {}
    for value in values:
        trial = value.trial
        if axis in trial.axes:
            rest = tuple((name, at) for name, at in trial.others if name != axis)
            key = (trial.arm, rest, trial.latent_dim, value.part)
            groups.setdefault(key, []).append((trial.axes[axis], value))
    named = named or len({arm for arm, *_ in groups}) > 1
    curves = []
    for (arm, rest, latent_dim, _), points in groups.items():
        name = arm_label(arm, points[0][1].trial.family)
        words = [name] if named or not rest else []
        curves.append(_curve(", ".join([*words, *([axis_values(rest)] if rest else [])]), latent_dim, points))
    return Panel(axis, _axis_order(curves), tuple(curves))


def _level(axis: Sequence[AxisValue], values: Sequence[Value]) -> Curve:
    """The number of an arm that does not sweep the axis, repeated along it."""
    trial = values[0].trial
    points = [(at, value) for at in axis for value in values]
    return replace(_curve(series_label(trial), trial.latent_dim, points), level=True)


def series_label(trial: TrialRow) -> str:
    """An arm, with the values of its axes other than dim(z): "LC-VAE (λ = 30, c = 0.3)"."""
    label = arm_label(trial.arm, trial.family)
    return f"{label} ({axis_values(trial.others)})" if trial.others else label


def _curve(label: str, latent_dim: int | None, points: Sequence[tuple[AxisValue, Value]]) -> Curve:
    x = _ordered({at for at, _ in points})
    cells = [[value for at, value in points if at == position] for position in x]
    intervals = [_interval(cell) for cell in cells]
    first = points[0][1]
    return Curve(
        label=label,
        arm=first.trial.arm,
        latent_dim=latent_dim,
        part=first.part,
        x=x,
        mean=np.array([interval.mean for interval in intervals]),
        low=np.array([interval.low for interval in intervals]),
        high=np.array([interval.high for interval in intervals]),
        seeds=np.array([interval.seeds for interval in intervals]),
        censored=np.array([np.mean([value.censored for value in cell]) for cell in cells]),
    )


def _interval(cell: Sequence[Value]) -> SeedInterval:
    """Over the seeds that have a value: a trial whose prior samples are all censored has none."""
    finite = [value.value for value in cell if math.isfinite(value.value)]
    return over_seeds(finite) if finite else SeedInterval(math.nan, math.nan, math.nan, 0)


def _axis_order(curves: Sequence[Curve]) -> tuple[AxisValue, ...]:
    return _ordered({at for curve in curves for at in curve.x})


def _ordered(values: set[AxisValue]) -> tuple[AxisValue, ...]:
    """Numbers by size, then words by the alphabet."""
    return tuple(sorted(values, key=lambda value: (isinstance(value, str), value)))
