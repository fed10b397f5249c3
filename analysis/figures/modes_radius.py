"""Diversity of generated points against the class radius, one point a model: Fig. 3.1 of "Looser is Worse"."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from analysis.drawing.style import INK, MARKERS, MUTED, WIDTH, arm_colours
from analysis.figures.base import FigureKind, Tabulated
from analysis.results import Results, Value
from analysis.statistics.correlation import bootstrap_interval, rank_correlation
from analysis.statistics.point_models import (
    PointModel,
    Quantity,
    by_dim,
    captured_by_chance,
    point_models,
    radius_measure,
)
from analysis.text.protocol import modes_protocol, radius_protocol
from analysis.text.words import arm_label, bounds, number, plural
from raysweep.study.measures.modes import Modes

QUANTITIES: dict[Quantity, str] = {"captured": "captured modes", "classes": "effective classes $1/\\|p\\|_2^2$"}

NUMBERS = {"Captured modes": "captured", "High-quality share": "high_quality", "Reverse KL": "reverse_kl"}
"""Columns of the table of modes that the table of numbers shows, by their titles there."""


@dataclass(frozen=True)
class Correlation:
    """Spearman's ρ with its 95 % bootstrap interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class RadiusPanel:
    """One number of diversity against the class radius, of the models of one dim(z), by arm."""

    latent_dim: int
    quantity: Quantity
    radius: Mapping[str, tuple[float, ...]]
    """E[r(z)]; infinite where a model has one class only."""
    diversity: Mapping[str, tuple[float, ...]]
    correlation: Correlation | None
    """None where one of the two is the same for all models."""

    @property
    def models(self) -> int:
        """How many models there are."""
        return sum(len(values) for values in self.radius.values())


@dataclass(frozen=True)
class ModesRadius:
    """Diversity against class radius, for one measure of modes."""

    measure: str
    modes: int
    """Modes of the data."""
    by_chance: float
    """Modes that points spread evenly over the modes' cells would capture, in the mean."""
    panels: tuple[RadiusPanel, ...]
    """For each dim(z) one of each quantity."""
    protocol: str
    colours: Mapping[str, str]
    labels: Mapping[str, str]


def infos(results: Results) -> tuple[ModesRadius, ...]:
    """Each model is a point; panels for each dim(z)."""
    radius, found = radius_measure(results), []
    for measure in results.measures("modes"):
        assert isinstance(measure, Modes)
        models = point_models(results, measure)
        if models and radius:
            count = int(results.rows(measure)["modes"].iloc[0])
            found.append(
                ModesRadius(
                    measure=measure.name,
                    modes=count,
                    by_chance=captured_by_chance(measure, count),
                    panels=tuple(
                        _panel(dim, quantity, group) for dim, group in by_dim(models).items() for quantity in QUANTITIES
                    ),
                    protocol=f"{modes_protocol(results, measure)} {radius_protocol(results, radius)}",
                    colours=arm_colours(results),
                    labels={model.trial.arm: arm_label(model.trial.arm, model.trial.family) for model in models},
                )
            )
    return tuple(found)


def _panel(latent_dim: int, quantity: Quantity, models: Sequence[PointModel]) -> RadiusPanel:
    arms = list(dict.fromkeys(model.trial.arm for model in models))
    pairs = {
        arm: [(model.radius, model.diversity[quantity]) for model in models if model.trial.arm == arm] for arm in arms
    }
    radius, diversity = np.array([pair for own in pairs.values() for pair in own]).T
    value = rank_correlation(diversity, radius)
    return RadiusPanel(
        latent_dim,
        quantity,
        {arm: tuple(radius for radius, _ in own) for arm, own in pairs.items()},
        {arm: tuple(diversity for _, diversity in own) for arm, own in pairs.items()},
        None if math.isnan(value) else Correlation(value, *bootstrap_interval(diversity, radius)),
    )


def draw(info: ModesRadius, figure: Figure) -> None:
    """A row of panels for each dim(z), the arms' legend below all."""
    down = len(info.panels) // len(QUANTITIES)
    figure.set_size_inches(WIDTH, 2.9 * down + 0.5)
    grid = figure.subplots(down, len(QUANTITIES), squeeze=False)
    for panel, axes in zip(info.panels, grid.flat, strict=True):
        _draw_panel(info, panel, axes)
    handles = [
        Line2D([], [], linestyle="none", color=info.colours[arm], marker=_marker(info, arm), label=label)
        for arm, label in info.labels.items()
    ]
    chance = Line2D([], [], color=MUTED, linestyle="--", linewidth=1, label="evenly spread points")
    figure.legend(handles=[*handles, chance], loc="outside lower center", ncols=5)


def _draw_panel(info: ModesRadius, panel: RadiusPanel, axes: Axes) -> None:
    finite = [value for values in panel.radius.values() for value in values if math.isfinite(value)]
    right = 1.15 * max(finite, default=1.0)
    for arm, radius in panel.radius.items():
        whole = np.isfinite(radius)
        x, y = np.where(whole, radius, right), np.array(panel.diversity[arm])
        colour, marker = info.colours[arm], _marker(info, arm)
        axes.plot(x[whole], y[whole], marker, color=colour, alpha=0.75, markeredgewidth=0)
        if not whole.all():  # the layout takes an empty line that is not clipped for one at the figure's corner
            axes.plot(x[~whole], y[~whole], marker, color=colour, markerfacecolor="white", clip_on=False)
    if len(finite) < panel.models:
        axes.annotate("∞", (right, 1), xycoords=("data", "axes fraction"), ha="center", va="bottom", color=MUTED)
    axes.axhline(info.by_chance if panel.quantity == "captured" else info.modes, color=MUTED, ls="--", lw=1)
    axes.set(xlim=(0, right), ylim=(0, info.modes * 1.06), xlabel="class radius E[r(z)]")
    axes.set_ylabel(QUANTITIES[panel.quantity])
    models = plural(panel.models, "model")
    axes.set_title(f"dim(z) = {panel.latent_dim}, {models}\n{correlation_words(panel)}", color=INK)


def _marker(info: ModesRadius, arm: str) -> str:
    return MARKERS[list(info.labels).index(arm) % len(MARKERS)]


def correlation_words(panel: RadiusPanel) -> str:
    """The rank correlation of a panel with its interval."""
    if panel.correlation is None:
        return "no correlation"
    found = panel.correlation
    return f"ρ = {number(found.value, 2)} {bounds(found.low, found.high, 2)}"


def caption(info: ModesRadius) -> str:
    """What is shown, and both protocols."""
    infinite = any(math.isinf(value) for panel in info.panels for values in panel.radius.values() for value in values)
    hollow = (
        " Hollow points have an infinite class radius, as for some prior samples no other class was found."
        if infinite
        else ""
    )
    return (
        "Diversity of generated points against the class radius: a point is a model, of any setting and seed. Left: "
        f"captured modes, of {info.modes}; points spread evenly would capture {number(info.by_chance)} by chance "
        "(dashed). Right: 1 / Σ pᵢ² of the shares pᵢ of samples by nearest mode, the number with which the paper's "
        "theorems bound the class radius. ρ is Spearman's rank correlation, which the paper expects to be negative, "
        f"with its 95 % bootstrap interval over models.{hollow} {info.protocol}"
    )


def _mean(column: str, results: Results, rows: pd.DataFrame) -> tuple[Value, ...]:
    return results.means(rows.assign(part="samples"), column)


FIGURE = FigureKind(
    "modes_radius",
    "Captured modes against class radius",
    infos,
    draw,
    caption,
    "no captured modes were measured beside a class radius",
    place=130,
    numbers=tuple(Tabulated(title, "modes", partial(_mean, column)) for title, column in NUMBERS.items()),
)
