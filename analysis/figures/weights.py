"""Histograms of weights by layer, trained and as they were drawn: Fig. 1 of "Impact of the latent space"."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray
from scipy import stats

from analysis.drawing.pictures import TrialLine, first_seed, trial_lines
from analysis.drawing.style import INK, WIDTH, shades
from analysis.figures.base import FigureKind
from analysis.results import Results
from analysis.text.words import number, setting

ACROSS = 3
"""Histograms side by side, as in the paper."""

TAIL = 0.002
"""Share of each layer's weights that may lie beyond either end of the axis."""

NORMAL: dict[str, Any] = {"linewidth": 0.7, "linestyle": "--"}
"""How normal distributions are drawn."""


@dataclass(frozen=True)
class LayerHistogram:
    """The weights of one layer in one state."""

    name: str
    state: str
    edges: NDArray[np.float64]
    """(bins + 1,)."""
    shares: NDArray[np.float64]
    """(bins,): of the weights."""
    mean: float
    std: float
    ks_distance: float

    @property
    def density(self) -> NDArray[np.float64]:
        """(bins,): share of the weights per unit of their value."""
        densities: NDArray[np.float64] = self.shares / np.diff(self.edges)
        return densities

    @property
    def reach(self) -> float:
        """The largest |w| but for the tails."""
        below = np.append(0, np.cumsum(self.shares))
        return float(np.abs(np.interp([TAIL, 1 - TAIL], below, self.edges)).max())


@dataclass(frozen=True)
class WeightsPanel:
    """The layers of one model, in order; each trained and initial."""

    label: str
    layers: tuple[LayerHistogram, ...]


@dataclass(frozen=True)
class WeightsRow:
    """Models of one arm."""

    label: str
    panels: tuple[WeightsPanel, ...]


@dataclass(frozen=True)
class WeightHistograms:
    """Models of one seed."""

    measure: str
    rows: tuple[WeightsRow, ...]
    seed: int


def infos(results: Results) -> tuple[WeightHistograms, ...]:
    """For each measure, the models of the first seed that stand for their arms: smallest, middle and largest dim(z)."""
    found = []
    for measure in results.measures("weights"):
        rows = {str(trial): group for trial, group in results.rows(measure).groupby("trial", sort=False)}
        seed = first_seed(results, set(rows))
        lines = [line for line in trial_lines(results, seed, most=100) if line.main]
        content = tuple(row for row in (_row(line, rows) for line in lines) if row.panels)
        if content:
            found.append(WeightHistograms(measure.name, content, seed))
    return tuple(found)


def _row(line: TrialLine, rows: dict[str, pd.DataFrame]) -> WeightsRow:
    columns = [column for column in line.columns if column.trial.id in rows]
    if len(columns) > ACROSS:
        columns = [columns[0], columns[len(columns) // 2], columns[-1]]
    panels = (WeightsPanel(column.label, _layers(rows[column.trial.id])) for column in columns)
    return WeightsRow(line.label, tuple(panel for panel in panels if panel.layers))


def _layers(rows: pd.DataFrame) -> tuple[LayerHistogram, ...]:
    """Of layers whose weights are finite and not all equal."""
    several = rows["network"].nunique() > 1
    finite = np.isfinite(rows["largest"] - rows["smallest"]) & np.isfinite(rows["mean"] + rows["std"])
    rows = rows[finite & (rows["smallest"] < rows["largest"])].sort_values(["part", "network", "layer"])
    return tuple(
        LayerHistogram(
            f"{row['network']}, layer {row['layer']}" if several else f"layer {row['layer']}",
            row["part"],
            *wide_bins(row["smallest"], row["largest"], np.asarray(row["histogram"]), row["count"]),
            row["mean"],
            row["std"],
            row["ks_distance"],
        )
        for _, row in rows.iterrows()
    )


def wide_bins(
    low: float, high: float, shares: NDArray[np.float64], count: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Edges and shares of a histogram of `count` values, its bins put together to at most 2 ∛n: the Rice rule.

    Where that does not divide their number, widths differ by one of the narrow bins.
    """
    bins = min(len(shares), math.ceil(2 * count ** (1 / 3)))
    ends = np.linspace(0, len(shares), bins + 1).round().astype(np.int64)
    return low + (high - low) * ends / len(shares), np.add.reduceat(shares, ends[:-1])


def draw(info: WeightHistograms, figure: Figure) -> None:
    """Arms in rows, dim(z) in columns, a colour for each layer; trained weights upwards, initial ones downwards."""
    figure.set_size_inches(WIDTH, 2.5 * len(info.rows) + 0.3)
    across = max(len(row.panels) for row in info.rows)
    grid = figure.subplots(len(info.rows), across, squeeze=False)
    for row, line in zip(info.rows, grid, strict=True):
        for axes in line[len(row.panels) :]:
            axes.remove()
        for panel, axes in zip(row.panels, line, strict=False):
            _draw_panel(panel.layers, axes)
            axes.set_title(panel.label, fontsize=7)
        line[0].set_ylabel(f"{row.label}\ndensity: initial | trained", fontsize=7)
    handles = [Line2D([], [], color=INK, label="weights"), Line2D([], [], color=INK, label="normal", **NORMAL)]
    figure.legend(handles=handles, loc="outside lower center", ncols=2)


def _draw_panel(layers: Sequence[LayerHistogram], axes: Axes) -> None:
    names = list(dict.fromkeys(layer.name for layer in layers))
    colours = dict(zip(names, shades(len(names)), strict=True))
    reach = 1.05 * max(layer.reach for layer in layers)
    x = np.linspace(-reach, reach, 200)
    for layer in layers:
        colour, sign = colours[layer.name], 1 if layer.state == "trained" else -1
        axes.stairs(sign * layer.density, layer.edges, color=colour, linewidth=1.0)
        if layer.state == "trained":
            axes.plot(x, stats.norm.pdf(x, layer.mean, layer.std), color=colour, **NORMAL)
    axes.axhline(0, color=INK, linewidth=0.6)
    axes.set(xlim=(-reach, reach), xlabel="weight")
    axes.yaxis.set_major_formatter(lambda value, _: setting(abs(value)))
    handles = [
        Line2D([], [], color=colours[layer.name], label=f"{layer.name}: D = {number(layer.ks_distance, 2)}")
        for layer in layers
        if layer.state == "trained"
    ]
    axes.legend(handles=handles, loc="upper left", bbox_to_anchor=(-0.03, -0.26), fontsize=6.5, handlelength=1.2)
    axes.tick_params(labelsize=6.5)


def caption(info: WeightHistograms) -> str:
    """What is shown, and what D is."""
    return (
        "Weights of each dense and convolutional layer of the network that makes images, without biases, of the models "
        f"of seed {info.seed}: upwards after training, downwards as they were drawn, from Glorot's uniform "
        "distribution, which is not normal. D is the Kolmogorov-Smirnov distance of the trained weights to the normal "
        "distribution of their mean and standard deviation (dashed): 0 for a normal distribution, 0.057 for a uniform "
        "one; of n weights chance alone makes about 0.6 / √n. There are no p-values: among millions of weights every "
        "deviation is significant, however small."
    )


FIGURE = FigureKind("weights", "Weights by layer", infos, draw, caption, "no weights were measured", place=320)
