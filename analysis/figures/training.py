"""Losses during training, of each arm."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from analysis.drawing.style import INK, WIDTH, LineStyle, shades
from analysis.figures.base import FigureKind
from analysis.results import Results, TrialRow
from analysis.text.words import arm_label, axis_values, listing, setting

COLUMNS = 3

LOG_RATIO = 30.0
"""A loss that stays positive and spans more than this factor is drawn on a logarithmic axis."""

SPLITS: dict[str, LineStyle] = {"train": "-", "validation": "--"}


@dataclass(frozen=True)
class TrainingCurve:
    """One trial, one metric, one split."""

    latent_dim: int | None
    seed: int
    split: str
    diverged: bool
    step: NDArray[np.int64]
    value: NDArray[np.float64]


@dataclass(frozen=True)
class TrainingPanel:
    """One metric of one arm."""

    arm: str
    metric: str
    setting: str
    """The values at which the arm's axes other than dim(z) are shown; empty where it has none."""
    curves: tuple[TrainingCurve, ...]


@dataclass(frozen=True)
class Training:
    """The losses of every arm."""

    measure: str
    panels: tuple[TrainingPanel, ...]


def infos(results: Results) -> tuple[Training, ...]:
    """Every logged value of the trials that stand for their arm, and of the classifier.

    What was logged but once, as by a model that is computed and not trained, is no curve.
    """
    shown = {trial.id: trial for trial in results.trials if trial.latent_dim is None or results.is_main(trial)}
    order = {trial: index for index, trial in enumerate(shown)}
    history = results.tables["history"]
    groups = [
        (shown[str(trial)], str(metric), _curve(shown[str(trial)], str(split), rows))
        for (trial, metric, split), rows in history.sort_values("step").groupby(["trial", "metric", "split"])
        if trial in shown
    ]
    panels: dict[tuple[str, str, str], list[TrainingCurve]] = {}
    for trial, metric, curve in sorted(groups, key=lambda group: order[group[0].id]):
        key = (arm_label(trial.arm, trial.family), metric, axis_values(trial.others))
        panels.setdefault(key, []).append(curve)
    found = tuple(
        TrainingPanel(arm, metric, at, tuple(curves))
        for (arm, metric, at), curves in panels.items()
        if any(len(curve.step) > 1 for curve in curves)
    )
    return (Training("", found),) if found else ()


def _curve(trial: TrialRow, split: str, rows: pd.DataFrame) -> TrainingCurve:
    return TrainingCurve(
        latent_dim=trial.latent_dim,
        seed=trial.seed,
        split=split,
        diverged=trial.status == "diverged",
        step=rows["step"].to_numpy(np.int64),
        value=rows["value"].to_numpy(np.float64),
    )


def draw(info: Training, figure: Figure) -> None:
    """Small panels: colour is dim(z), solid is training, dashed is validation."""
    dims = sorted({c.latent_dim for panel in info.panels for c in panel.curves if c.latent_dim is not None})
    colours: dict[int | None, str] = {None: INK, **dict(zip(dims, shades(len(dims)), strict=True))}
    rows = -(-len(info.panels) // COLUMNS)
    figure.set_size_inches(WIDTH, 1.7 * rows + 0.4)
    grid = figure.subplots(rows, COLUMNS, squeeze=False)
    for axes in grid.flat[len(info.panels) :]:
        axes.remove()
    for panel, axes in zip(info.panels, grid.flat, strict=False):
        for curve in panel.curves:
            axes.plot(curve.step, curve.value, SPLITS[curve.split], color=colours[curve.latent_dim], linewidth=0.9)
        _set_axes(panel, axes)
    for axes in grid.flat[max(0, len(info.panels) - COLUMNS) : len(info.panels)]:
        axes.set_xlabel("training step", fontsize=7.5)
    handles = [Line2D([], [], color=colours[dim], label=f"dim(z) = {setting(dim)}") for dim in dims]
    handles += [
        Line2D([], [], color=INK, linestyle=style, linewidth=0.9, label=split) for split, style in SPLITS.items()
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=6)


def _set_axes(panel: TrainingPanel, axes: Axes) -> None:
    axes.set_title(f"{panel.arm}: {panel.metric.replace('_', ' ')}", fontsize=7.5)
    axes.xaxis.set_major_locator(MaxNLocator(4, integer=True, steps=[1, 2, 5, 10]))
    axes.tick_params(labelsize=6.5)
    if _logarithmic(panel):
        axes.set_yscale("log")


def _logarithmic(panel: TrainingPanel) -> bool:
    values = np.concatenate([curve.value for curve in panel.curves])
    values = values[np.isfinite(values)]
    return bool(len(values) and values.min() > 0 and values.max() > LOG_RATIO * values.min())


def caption(info: Training) -> str:
    """What is shown, and which curves end early."""
    settings = dict.fromkeys(f"{panel.arm} at {panel.setting}" for panel in info.panels if panel.setting)
    at = f" Of arms with other axes than dim(z), one setting is shown: {listing(list(settings))}." if settings else ""
    diverged = {(panel.arm, c.latent_dim, c.seed) for panel in info.panels for c in panel.curves if c.diverged}
    early = f" Trials that diverged, and so stopped early: {len(diverged)}." if diverged else ""
    return (
        "Every line is one trial, one seed; nothing is averaged over trials. Solid: training, the mean over the steps "
        f"since the point before; dashed: validation.{at} Axes are logarithmic where a loss stays positive and spans "
        f"more than a factor of {LOG_RATIO:.0f}.{early}"
    )


FIGURE = FigureKind("training", "Training", infos, draw, caption, "no history of training was kept", place=410)
