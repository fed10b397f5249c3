"""Measured class radii under what "Looser is Worse" proves: Lemma B.4 and Theorem 3.1 over the collision entropy."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from analysis.drawing.style import INK, MUTED, WIDTH, arm_colours
from analysis.figures.base import FigureKind
from analysis.results import Results
from analysis.statistics.bounded_models import BoundedModel, bounded_models, radius_measures
from analysis.text.protocol import radius_protocol
from analysis.text.words import arm_label, number, plural
from raysweep.theory.class_radius import (
    THEOREM_LIMIT,
    theorem_curve,
    uniform_curve,
)


@dataclass(frozen=True)
class RadiusTheory:
    """Every model of a study with a finite class radius and a finite collision entropy, for one measure."""

    measure: str
    models: tuple[BoundedModel, ...]
    infinite: int
    """Models with a sample from which no other class was found."""
    apart: int
    """Models with no two samples of the same class: their entropy is estimated as infinite."""
    protocol: str
    colours: Mapping[str, str]


def infos(results: Results) -> tuple[RadiusTheory, ...]:
    """One for each measure of the class radius."""
    found = []
    for measure in radius_measures(results):
        models = bounded_models(results, measure)
        finite = [model for model in models if math.isfinite(model.radius.value)]
        shown = tuple(model for model in finite if math.isfinite(model.entropy.value))
        if shown:
            left_out = len(models) - len(finite), len(finite) - len(shown)
            protocol = radius_protocol(results, measure)
            found.append(RadiusTheory(measure.name, shown, *left_out, protocol, arm_colours(results)))
    return tuple(found)


def draw(info: RadiusTheory, figure: Figure) -> None:
    """Radius over entropy: full where the theorem applies, and a dash at each model's own bound by the lemma."""
    figure.set_size_inches(WIDTH, 4.0)
    axes = figure.subplots()
    far = 1.1 * max(math.log(5), *(model.entropy.value for model in info.models))
    proven = np.linspace(-math.log(THEOREM_LIMIT), max(far, 2.0), 200)
    everywhere = np.linspace(0.05, proven[-1], 400)
    axes.plot(proven, theorem_curve(proven), color=INK, linewidth=1)
    axes.plot(everywhere, uniform_curve(everywhere), color=INK, linewidth=1, linestyle="--")
    for model in info.models:
        colour, at = info.colours[model.trial.arm], model.entropy.value
        face = colour if model.theorem.applies else "white"
        radius = model.radius
        errors = [[radius.value - radius.low], [radius.high - radius.value]]
        axes.errorbar(at, radius.value, errors, fmt="o", color=colour, mfc=face, markersize=4, linewidth=0.8)
        if math.isfinite(model.lemma.value):
            axes.plot(at, model.lemma.value, "_", color=colour, markersize=7)
    axes.set(xlim=(0, proven[-1]), ylim=(0, None))
    axes.set_xlabel("collision entropy −log Σ pᵢ² (nats)")
    axes.set_ylabel("class radius E[r(z)]")
    arms = {model.trial.arm: arm_label(model.trial.arm, model.trial.family) for model in info.models}
    handles = [
        Line2D([], [], color=INK, linewidth=1, label="Theorem 3.1"),
        Line2D([], [], color=INK, linewidth=1, linestyle="--", label="Lemma B.4, equally likely classes"),
        Line2D([], [], color=MUTED, marker="_", linestyle="none", label="Lemma B.4, the model's own classes"),
        *(Line2D([], [], color=info.colours[arm], marker="o", linestyle="none", label=arms[arm]) for arm in arms),
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=3)


def caption(info: RadiusTheory) -> str:
    """What is shown, for which models the theorem is proven, and the protocol."""
    applies = [model.theorem.applies for model in info.models]
    infinite = f" {plural(info.infinite, 'model')} of infinite class radius left out." if info.infinite else ""
    apart = f" {plural(info.apart, 'model')} left out of which no two samples had the same class." if info.apart else ""
    return (
        "Measured class radius, with its 95 % interval over prior samples, under the upper bounds of the paper: each "
        "point is a model, at the collision entropy of its samples' classes, with a dash at the bound that Lemma B.4 "
        "gives for its own class probabilities. Theorem 3.1 is proven where no class is more probable than 1/5: of "
        f"{plural(len(applies), 'model')} that is so for {number(applies.count(True))} (full points), not so for "
        f"{number(applies.count(False))}, and left open by the simultaneous 95 % limits of the probabilities for "
        f"{number(applies.count(None))}. The radius is an upper estimate: a point above its dash would show that the "
        f"search stopped early, not that the lemma fails.{infinite}{apart} {info.protocol}"
    )


FIGURE = FigureKind(
    "radius_theory",
    "Class radius under the theorems",
    infos,
    draw,
    caption,
    "no model has a finite class radius and entropy",
    place=110,
)
