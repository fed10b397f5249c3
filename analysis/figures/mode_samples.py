"""Generated points on the modes of 2D-Grid."""

from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from analysis.drawing.pictures import first_seed, trial_lines
from analysis.drawing.style import MUTED, PALETTE, WIDTH
from analysis.figures.base import FigureKind
from analysis.results import Results
from analysis.text.protocol import modes_protocol
from analysis.text.words import percent, span
from raysweep.study.measures.classes import class_points

MODE_COLOUR, SAMPLE_COLOUR = PALETTE[0], PALETTE[1]
MOST_ACROSS = 4
"""Scatter plots side by side."""


@dataclass(frozen=True)
class Scatter:
    """Points of one model, with the numbers that summarise them."""

    arm: str
    label: str
    points: NDArray[np.float64]
    """(count, 2)"""
    captured: int
    high_quality: float
    reverse_kl: float


@dataclass(frozen=True)
class ModeSamples:
    """Points of every model of one seed."""

    measure: str
    seed: int
    modes: NDArray[np.float64]
    """(modes, 2)"""
    scatters: tuple[Scatter, ...]
    protocol: str


def infos(results: Results) -> tuple[ModeSamples, ...]:
    """The kept samples of the first seed that has any."""
    found = []
    for measure in results.measures("modes"):
        rows = results.rows(measure).set_index("trial").to_dict("index")
        seed = first_seed(results, {str(trial) for trial in rows})
        scatters = [
            Scatter(
                arm=line.label,
                label=column.label,
                points=np.reshape(row["points"], (-1, 2)),
                captured=int(row["captured"]),
                high_quality=float(row["high_quality"]),
                reverse_kl=float(row["reverse_kl"]),
            )
            for line in trial_lines(results, seed, most=100)
            for column in line.columns
            if (row := rows.get(column.trial.id)) is not None
        ]
        modes = np.array(class_points(results.study.arms[0].model, results.study.data))
        found.append(ModeSamples(measure.name, seed, modes, tuple(scatters), modes_protocol(results, measure)))
    return tuple(found)


def draw(info: ModeSamples, figure: Figure) -> None:
    """Scatter plots in rows, on one scale."""
    down = -(-len(info.scatters) // MOST_ACROSS)
    across = min(MOST_ACROSS, len(info.scatters))
    side = WIDTH / MOST_ACROSS
    figure.set_size_inches(WIDTH, down * (side + 0.45))
    edge = float(np.abs(info.modes).max()) + 1
    grid = figure.subplots(down, MOST_ACROSS if down > 1 else across, squeeze=False)
    for axes in grid.flat[len(info.scatters) :]:
        axes.remove()
    for content, axes in zip(info.scatters, grid.flat, strict=False):
        axes.grid(visible=False)
        axes.plot(*info.modes.T, "+", color=MODE_COLOUR, markersize=5, markeredgewidth=0.8)
        axes.plot(*content.points.T, ".", color=SAMPLE_COLOUR, markersize=2.2, markeredgewidth=0, alpha=0.7)
        axes.set(xlim=(-edge, edge), ylim=(-edge, edge), aspect="equal", xticks=[], yticks=[])
        axes.set_title(f"{content.arm}\n{content.label}", loc="left", fontsize=7)
        axes.set_xlabel(
            f"{content.captured} modes, {percent(content.high_quality)} good, KL {content.reverse_kl:.2f}",
            fontsize=6.5,
            color=MUTED,
        )


def caption(info: ModeSamples) -> str:
    """What is shown, and the protocol."""
    return (
        f"Generated points (orange) and the modes of the data (blue crosses), for every model of seed {info.seed}, not "
        f"selected: the first {span(len(content.points) for content in info.scatters)} samples of each. Below each: "
        "captured modes, the share of high-quality samples, and the reverse Kullback-Leibler divergence in nats. "
        f"{info.protocol}"
    )


FIGURE = FigureKind(
    "mode_samples", "Generated points on the modes", infos, draw, caption, "no captured modes were measured", place=140
)
