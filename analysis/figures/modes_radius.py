"""Captured modes against the class radius, one point a trained model: Fig. 3.1 of "Looser is Worse"."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from analysis.correlation import bootstrap_interval, rank_correlation
from analysis.figures.base import FigureKind
from analysis.figures.class_radius import radii
from analysis.protocol import modes_protocol, radius_protocol
from analysis.results import Results, TrialRow
from analysis.style import INK, MARKERS, MUTED, WIDTH, arm_colours
from analysis.words import arm_label, bounds, number, plural
from raysweep.study.measures import AnyMeasure, ClassRadius

NORMAL = NormalDist()


@dataclass(frozen=True)
class ModesAndRadius:
    """One model."""

    trial: TrialRow
    captured: int
    radius: float
    """Mean over prior samples; infinite where for any of them no other class was found."""


@dataclass(frozen=True)
class Correlation:
    """Spearman's ρ with its 95 % bootstrap interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class RadiusPanel:
    """Models of one dim(z): their numbers by arm."""

    latent_dim: int
    radius: Mapping[str, tuple[float, ...]]
    """E[r(z)]; infinite where a model has one class only."""
    captured: Mapping[str, tuple[int, ...]]
    correlation: Correlation | None
    """None where all models have captured equally many modes, or have one radius."""

    @property
    def models(self) -> int:
        """How many models there are."""
        return sum(len(values) for values in self.radius.values())


@dataclass(frozen=True)
class ModesRadius:
    """Captured modes against class radius, for one measure of modes."""

    measure: str
    modes: int
    """Modes of the data."""
    panels: tuple[RadiusPanel, ...]
    protocol: str
    colours: Mapping[str, str]
    labels: Mapping[str, str]


def infos(results: Results) -> tuple[ModesRadius, ...]:
    """Each model is a point; a panel for each dim(z)."""
    found = []
    for measure in results.measures("modes"):
        models = modes_and_radius(results, measure)
        radius = radius_measure(results)
        if models and radius:
            found.append(
                ModesRadius(
                    measure=measure.name,
                    modes=int(results.rows(measure)["modes"].iloc[0]),
                    panels=tuple(_panel(dim, group) for dim, group in by_dim(models).items()),
                    protocol=f"{modes_protocol(results, measure)} {radius_protocol(results, radius)}",
                    colours=arm_colours(results),
                    labels={model.trial.arm: arm_label(model.trial.arm, model.trial.family) for model in models},
                )
            )
    return tuple(found)


def modes_and_radius(results: Results, modes: AnyMeasure) -> tuple[ModesAndRadius, ...]:
    """Every model with rows in the measure `modes`, and in the study's class radius by the nearest mode."""
    radius = radius_measure(results)
    if radius is None:
        return ()
    captured = results.rows(modes).set_index("trial")["captured"]
    return tuple(
        ModesAndRadius(value.trial, int(captured[value.trial.id]), math.inf if value.censored else value.value)
        for value in radii(results, results.rows(radius))
        if value.trial.id in captured.index
    )


def radius_measure(results: Results) -> ClassRadius | None:
    """The study's first class radius over the nearest modes, if it has any."""
    measures = [m for m in results.measures("class_radius") if isinstance(m, ClassRadius)]
    return next((m for m in measures if m.classifier == "nearest_mode"), None)


def by_dim(models: Sequence[ModesAndRadius]) -> dict[int, list[ModesAndRadius]]:
    """The models by dim(z): a class radius depends on it whatever the modes, so they are compared at one dim(z)."""
    dims = sorted({model.trial.latent_dim for model in models if model.trial.latent_dim is not None})
    return {dim: [model for model in models if model.trial.latent_dim == dim] for dim in dims}


def _panel(latent_dim: int, models: Sequence[ModesAndRadius]) -> RadiusPanel:
    arms = list(dict.fromkeys(model.trial.arm for model in models))
    radius = np.array([model.radius for model in models])
    captured = np.array([float(model.captured) for model in models])
    value = rank_correlation(captured, radius)
    return RadiusPanel(
        latent_dim,
        {arm: tuple(model.radius for model in models if model.trial.arm == arm) for arm in arms},
        {arm: tuple(model.captured for model in models if model.trial.arm == arm) for arm in arms},
        None if math.isnan(value) else Correlation(value, *bootstrap_interval(captured, radius)),
    )


def radius_bound(classes: int) -> float:
    """The largest E[r(z)] that any generator can have whose classes are so many and equally likely.

    K (Φ⁻¹(1/K) / K + φ(Φ⁻¹(1/K))). Source: Manoj (2018), Lemma B.4 at pᵢ = 1/K; infinite for one class.
    """
    if classes == 1:
        return math.inf
    at = NORMAL.inv_cdf(1 / classes)
    return at + classes * NORMAL.pdf(at)


def draw(info: ModesRadius, figure: Figure) -> None:
    """Panels side by side with one vertical axis, the arms' legend below all."""
    figure.set_size_inches(WIDTH, 3.6)
    row = figure.subplots(1, len(info.panels), squeeze=False, sharey=True)[0]
    for panel, axes in zip(info.panels, row, strict=True):
        _draw_panel(info, panel, axes)
    row[0].set_ylabel("captured modes")
    arms = [Line2D([], [], linestyle="none", color=info.colours[arm], marker=_marker(info, arm), label=label)
            for arm, label in info.labels.items()]  # fmt: skip
    bound = Line2D([], [], color=MUTED, linestyle="--", linewidth=1, label="most for so many equal classes")
    figure.legend(handles=[*arms, bound], loc="outside lower center", ncols=5)


def _draw_panel(info: ModesRadius, panel: RadiusPanel, axes: Axes) -> None:
    classes = range(2, info.modes + 1)
    axes.plot([radius_bound(count) for count in classes], classes, "--", color=MUTED, linewidth=1)
    finite = [value for values in panel.radius.values() for value in values if math.isfinite(value)]
    right = 1.1 * max([*finite, radius_bound(2)])
    for arm, radius in panel.radius.items():
        whole = np.isfinite(radius)
        x = np.where(whole, radius, right)
        y = np.array(panel.captured[arm])
        colour, marker = info.colours[arm], _marker(info, arm)
        axes.plot(x[whole], y[whole], marker, color=colour, alpha=0.75, markeredgewidth=0, clip_on=False)
        axes.plot(x[~whole], y[~whole], marker, color=colour, markerfacecolor="white", clip_on=False)
    if len(finite) < panel.models:
        axes.axvline(right, color=MUTED, linewidth=0.7, linestyle=":")
        axes.annotate("∞", (right, 1), xycoords=("data", "axes fraction"), ha="center", va="bottom", color=MUTED)
    axes.set_xlim(0, right)
    axes.set_ylim(0, info.modes * 1.04)
    axes.set_xlabel("class radius E[r(z)]")
    axes.set_title(f"dim(z) = {panel.latent_dim}, {correlation_words(panel)}", color=INK)


def _marker(info: ModesRadius, arm: str) -> str:
    return MARKERS[list(info.labels).index(arm) % len(MARKERS)]


def correlation_words(panel: RadiusPanel) -> str:
    """The rank correlation of a panel with its interval, and of how many models it is."""
    models = plural(panel.models, "model")
    if panel.correlation is None:
        return f"{models}, no correlation"
    found = panel.correlation
    return f"ρ = {number(found.value, 2)} {bounds(found.low, found.high, 2)}, {models}"


def caption(info: ModesRadius) -> str:
    """What is shown, and both protocols."""
    infinite = any(math.isinf(value) for panel in info.panels for values in panel.radius.values() for value in values)
    hollow = (
        " Hollow points have an infinite class radius, as for some prior samples no other class was found."
        if infinite
        else ""
    )
    return (
        f"Captured modes, of {info.modes}, against the class radius: a point is a model, of any setting and seed. "
        "ρ is Spearman's rank correlation of the two with its 95 % bootstrap interval over models; the paper expects "
        "it to be negative. The dashed line is the largest class radius that a generator with so many equally likely "
        f"classes can have (Lemma B.4).{hollow} {info.protocol}"
    )


FIGURE = FigureKind(
    "Captured modes against class radius", infos, draw, caption, "no captured modes were measured beside a class radius"
)
