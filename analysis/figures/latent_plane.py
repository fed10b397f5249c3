"""Two-dimensional latent spaces, by class, with their holes: Figs. 2.2 and 4.1 of "Looser is Worse"."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap, to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Circle
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from analysis.drawing.style import INK, MUTED, WIDTH
from analysis.figures.base import FigureKind
from analysis.results import Results, TrialRow
from analysis.statistics.curves import series_label
from analysis.statistics.intervals import SeedInterval, band_words, over_seeds
from analysis.text.words import number, percent, plural, span

MOST_PANELS, ACROSS = 9, 3

RADIUS = 3.0
"""Radius of the shaded disc, in standard deviations of the prior; the disc holds 98.9 % of the prior."""

REACH, CELL = 4.0, 0.05
"""The square [−4, 4]² is shaded in cells of this side."""

QUANTILE = 0.99
"""A cell is shaded if it is farther from all encodings of training images than this share of held-out ones is."""

VIEW = 3.5
"""The axes reach from −VIEW to VIEW."""

SHOWN = 2_000
"""Encodings drawn, at most."""

CLASS_COLOURS = (
    "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#8c564b", "#7f7fff", "#bcbd22",
)  # fmt: skip
"""The report's palette, and three more: digits have ten classes."""

HOLE = "#cfcfcf"

MASSES = "Numbers are the mass of holes between these encodings, as the figure of it defines it."

Points = NDArray[np.float64]


@dataclass(frozen=True)
class Plane:
    """The latent space of one trial."""

    label: str
    z: Points
    """Encodings of validation images that are drawn, (count, 2)."""
    labels: NDArray[np.int64]
    """Their classes; −1 where there are none."""
    holes: NDArray[np.bool_]
    """(cells, cells): which cells of the square are holes; rows go up."""
    mass: SeedInterval | None
    """Prior mass of holes by the study's measure of it, over all seeds; None where there is none."""


@dataclass(frozen=True)
class Planes:
    """The planes of one seed."""

    measure: str
    planes: tuple[Plane, ...]
    seed: int
    left_out: int
    """Planes for which there is no room."""
    train: tuple[int, ...]
    """Numbers of training encodings, which fill the plane."""
    held_out: tuple[int, ...]
    """Numbers of held-out encodings, which set the threshold."""


def infos(results: Results) -> tuple[Planes, ...]:
    """Every trial of the first seed with a prior, an encoder and dim(z) = 2; those that stand for an arm come first."""
    found = []
    for measure in results.measures("encodings"):
        rows = {str(trial): own for trial, own in results.rows(measure).groupby("trial", sort=False)}
        flat = [
            trial for trial in results.trials if trial.id in rows and trial.latent_dim == 2 and _prior(results, trial)
        ]
        if not flat:
            continue
        seed = flat[0].seed
        chosen = sorted((trial for trial in flat if trial.seed == seed), key=lambda trial: not results.is_main(trial))
        masses = _masses(results)
        counts = [rows[trial.id]["part"].value_counts() for trial in flat]
        found.append(
            Planes(
                measure.name,
                tuple(_plane(trial, flat, rows[trial.id], masses) for trial in chosen[:MOST_PANELS]),
                seed,
                len(chosen[MOST_PANELS:]),
                tuple(sorted({int(count["train"]) for count in counts})),
                tuple(sorted({int(count["validation"]) for count in counts})),
            )
        )
    return tuple(found)


def _prior(results: Results, trial: TrialRow) -> bool:
    arm = results.arm(trial.arm)
    return arm is not None and arm.model.has_prior


def _masses(results: Results) -> dict[str, float]:
    """The mass of holes between means, by trial."""
    rows = [results.rows(measure) for measure in results.measures("holes")[:1]]
    means = [own[own["part"] == "means"].set_index("trial")["mass"] for own in rows]
    return {str(trial): float(mass) for own in means for trial, mass in own.items()}


def _plane(trial: TrialRow, flat: Sequence[TrialRow], rows: pd.DataFrame, masses: dict[str, float]) -> Plane:
    held_out = rows[rows["part"] == "validation"].head(SHOWN)
    siblings = [other.id for other in flat if (other.arm, other.axes) == (trial.arm, trial.axes)]
    measured = [masses[other] for other in siblings if other in masses]
    return Plane(
        series_label(trial),
        _points(held_out),
        held_out["label"].fillna(-1).to_numpy(np.int64),
        hole_cells(rows),
        over_seeds(measured) if measured else None,
    )


def hole_cells(rows: pd.DataFrame) -> NDArray[np.bool_]:
    """Which cells of the square are shaded, (cells, cells).

    Their centres are farther from the nearest training encoding than the share `QUANTILE` of held-out encodings are.
    """
    nearest = cKDTree(_points(rows[rows["part"] == "train"]))
    threshold = np.quantile(nearest.query(_points(rows[rows["part"] == "validation"]))[0], QUANTILE)
    at = _centres()
    x, y = np.meshgrid(at, at)
    return np.asarray(nearest.query(np.stack([x, y], axis=-1))[0] > threshold)


def _centres() -> Points:
    return np.arange(-REACH + CELL / 2, REACH, CELL)


def _points(rows: pd.DataFrame) -> Points:
    return np.stack(list(rows["z"])).astype(np.float64)


def draw(info: Planes, figure: Figure) -> None:
    """Planes side by side on one scale, holes in grey within the prior's disc, a colour for each class."""
    across = min(ACROSS, max(2, len(info.planes)))
    down = -(-len(info.planes) // across)
    size = WIDTH / ACROSS if across == ACROSS else WIDTH / 2.4
    figure.set_size_inches(across * size, down * (size + 0.45) + 0.45)
    grid = figure.subplots(down, across, squeeze=False, sharex=True, sharey=True)
    for axes in grid.flat[len(info.planes) :]:
        axes.remove()
    for plane, axes in zip(info.planes, grid.flat, strict=False):
        _draw_plane(plane, axes)
    for axes in grid.flat[max(0, len(info.planes) - across) : len(info.planes)]:
        axes.set_xlabel("z₁")
        axes.tick_params(labelbottom=True)
    for line in grid:
        line[0].set_ylabel("z₂")
    classes = sorted({int(label) for plane in info.planes for label in plane.labels} - {-1})
    handles = [
        Line2D([], [], color=_colour(label), linestyle="none", marker="o", markersize=4, label=str(label))
        for label in classes
    ]
    if handles:
        figure.legend(handles=handles, loc="outside lower center", ncols=10, columnspacing=1, handletextpad=0.1)


def _draw_plane(plane: Plane, axes: Axes) -> None:
    at = _centres()
    x, y = np.meshgrid(at, at)
    shaded = np.ma.masked_where(~plane.holes | (x**2 + y**2 > RADIUS**2), np.ones_like(x))
    extent = (-REACH, REACH, -REACH, REACH)
    axes.imshow(shaded, cmap=ListedColormap([HOLE]), extent=extent, origin="lower", interpolation="nearest")
    colours = [to_rgb(_colour(int(label))) for label in plane.labels]
    axes.scatter(plane.z[:, 0], plane.z[:, 1], c=colours, s=2.0, linewidths=0, rasterized=True)
    axes.add_patch(Circle((0, 0), RADIUS, fill=False, color=MUTED, linewidth=0.8, linestyle=(0, (3, 2))))
    axes.set(xlim=(-VIEW, VIEW), ylim=(-VIEW, VIEW), aspect="equal")
    axes.grid(visible=False)
    axes.set_title(f"{plane.label}{_mass_words(plane.mass)}", fontsize=7.5)


def _mass_words(mass: SeedInterval | None) -> str:
    if mass is None:
        return ""
    mean, low, high = (number(100 * value) for value in (mass.mean, max(0.0, mass.low), mass.high))
    return f"\nholes: {mean} %" + ("" if mass.seeds == 1 else f" [{low}, {high}]")


def _colour(label: int) -> str:
    return INK if label < 0 else CLASS_COLOURS[label % len(CLASS_COLOURS)]


def caption(info: Planes) -> str:
    """What is shown, and under which rule."""
    outside = sum(int((np.abs(plane.z).max(axis=1) > VIEW).sum()) for plane in info.planes)
    beyond = f" {plural(outside, 'encoding')} lie outside of the axes." if outside else ""
    rest = f" {plural(info.left_out, 'more plane')} had no room." if info.left_out else ""
    masses = [plane.mass for plane in info.planes if plane.mass is not None]
    measured = f" {MASSES} {band_words([mass.seeds for mass in masses], 'They', 'brackets')}" if masses else ""
    return (
        f"Encodings of validation images (of a VAE, posterior means) in latent spaces of two dimensions, of seed "
        f"{info.seed}, by class. Grey: where, within three standard deviations of the prior (dashed), no encoding "
        f"of {span(info.train)} training images is as near as it is to {percent(QUANTILE)} of {span(info.held_out)} "
        f"held-out encodings. Larger latent spaces cannot be shown in this way.{beyond}{rest}{measured}"
    )


FIGURE = FigureKind(
    "latent_plane",
    "Latent planes",
    infos,
    draw,
    caption,
    "no encodings in two dimensions were measured",
    photographic=True,
    place=160,
)
