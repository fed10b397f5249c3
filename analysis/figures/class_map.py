"""The classes in a latent space of one or two dimensions, and where its samples lie: Fig. 2.1 of "Looser is Worse"."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import hsv_to_rgb
from matplotlib.figure import Figure
from numpy.typing import NDArray

from analysis.drawing.pictures import first_seed, trial_lines
from analysis.drawing.style import INK, PALETTE, WIDTH
from analysis.figures.base import FigureKind
from analysis.results import Results
from analysis.text.protocol import classes_words
from analysis.text.words import number
from raysweep.study.measures.class_map import ClassMap
from raysweep.study.measures.classes import class_points

MODE_COLOUR, SAMPLE_COLOUR = PALETTE[0], PALETTE[1]
LEAST_ACROSS, MOST_ACROSS = 3, 4
"""Maps that have room side by side."""
GOLDEN = 0.618034
"""Steps of the golden ratio around the circle of hues never come close to an earlier hue."""


@dataclass(frozen=True)
class Map:
    """The classes of one model's latent space."""

    label: str
    ticks: NDArray[np.float64]
    """(resolution,): the latents' first coordinates, and second ones where there are two."""
    classes: NDArray[np.int64]
    """(lines, resolution): class numbers, the second coordinate from below; one line where dim(z) = 1."""
    values: NDArray[np.float64] | None
    """(resolution,): g(z) along a line; None where dim(z) = 2."""
    modes: NDArray[np.float64] | None
    """(classes, coordinates): the points of which the nearest is a point's class; None for images."""
    samples: NDArray[np.float64] | None
    """(count, coordinates): g(z) of prior samples; None for images."""


@dataclass(frozen=True)
class ClassMaps:
    """Maps of every model of one seed with dim(z) ≤ 2."""

    measure: str
    seed: int
    maps: tuple[Map, ...]
    protocol: str


def infos(results: Results) -> tuple[ClassMaps, ...]:
    """The maps of the first seed that has any."""
    models = {trial.id: trial.model for trial in results.study.trials}
    found = []
    for measure in results.measures("class_map"):
        assert isinstance(measure, ClassMap)
        rows = {str(trial): group for trial, group in results.rows(measure).groupby("trial", sort=False)}
        seed = first_seed(results, set(rows))
        maps = tuple(
            _map(
                f"{line.label}\n{column.label}",
                column.trial.latent_dim or 1,
                rows[column.trial.id],
                class_points(models[column.trial.id], results.study.data) if results.facts.points else None,
            )
            for line in trial_lines(results, seed, most=100)
            for column in line.columns
            if column.trial.id in rows and {"plane", "samples"} <= set(rows[column.trial.id]["part"])
        )
        if maps:
            found.append(ClassMaps(measure.name, seed, maps, classes_words(measure.classifier)))
    return tuple(found)


def _map(label: str, latent_dim: int, rows: pd.DataFrame, modes: Sequence[Sequence[float]] | None) -> Map:
    plane = rows[rows["part"] == "plane"].sort_values("line")
    samples = rows[rows["part"] == "samples"].iloc[0]
    return Map(
        label=label,
        ticks=np.reshape(plane["z"].iloc[0], (-1, latent_dim))[:, 0],
        classes=np.stack(list(plane["labels"])).astype(np.int64),
        values=np.asarray(plane["points"].iloc[0]) if modes is not None and latent_dim == 1 else None,
        modes=None if modes is None else np.array(modes),
        samples=None if modes is None else np.reshape(samples["points"], (-1, len(modes[0]))),
    )


def class_colours(count: int) -> NDArray[np.float64]:
    """(count, 3): a colour for each class, with hues around the circle and two brightnesses in turn."""
    index = np.arange(count)
    return hsv_to_rgb(np.stack([index * GOLDEN % 1, 0.4 + 0.25 * (index % 2), 0.95 - 0.2 * (index % 2)], axis=1))


def draw(info: ClassMaps, figure: Figure) -> None:
    """Maps in rows; under each, where its samples lie, if they are points."""
    across = min(MOST_ACROSS, max(LEAST_ACROSS, len(info.maps)))
    down = -(-len(info.maps) // across)
    both = any(each.modes is not None for each in info.maps)
    side = WIDTH / across
    figure.set_size_inches(WIDTH, down * ((2 if both else 1) * side + 0.5))
    outer = figure.add_gridspec(down, across)
    for index, each in enumerate(info.maps):
        inner = outer[index // across, index % across].subgridspec(2 if both else 1, 1)
        axes = figure.add_subplot(inner[0])
        axes.set_title(each.label, fontsize=7)
        (_draw_line if each.values is not None else _draw_plane)(each, axes)
        if each.modes is not None and each.samples is not None:
            _draw_samples(each.modes, each.samples, figure.add_subplot(inner[1]))


def _draw_plane(content: Map, axes: Axes) -> None:
    axes.grid(visible=False)
    edge = float(content.ticks[-1])
    colours = class_colours(int(content.classes.max()) + 1)
    # Each class is its colour, whatever the map's other classes are; a node of the grid is the middle of its square.
    half = edge / (len(content.ticks) - 1)
    box = (-edge - half, edge + half, -edge - half, edge + half)
    axes.imshow(colours[content.classes], origin="lower", extent=box, interpolation="nearest")
    axes.set(xlabel="z₁", ylabel="z₂", xlim=(-edge, edge), ylim=(-edge, edge))


def _draw_line(content: Map, axes: Axes) -> None:
    assert content.values is not None
    [classes] = content.classes
    colours = class_colours(int(classes.max()) + 1)
    edge, low = float(content.ticks[-1]), float(min(0, content.values.min()))
    top = max(float(content.values.max()), low + 1e-6)
    axes.grid(visible=False)
    box = (-edge, edge, low, top)
    axes.imshow(colours[content.classes], aspect="auto", origin="lower", extent=box, interpolation="nearest")
    axes.plot(content.ticks, content.values, color=INK, linewidth=1)
    axes.set(xlabel="z", ylabel="g(z)", xlim=(-edge, edge))
    axes.set_box_aspect(1)


def _draw_samples(modes: NDArray[np.float64], samples: NDArray[np.float64], axes: Axes) -> None:
    """The classes' points in blue and the samples in orange, as in the paper; those of a line lie on a line."""
    axes.grid(visible=False)
    if modes.shape[1] == 1:
        axes.plot(samples[:, 0], np.zeros(len(samples)), "|", color=SAMPLE_COLOUR, markersize=8, alpha=0.5)
        axes.plot(modes[:, 0], np.zeros(len(modes)), "o", color=MODE_COLOUR, markersize=4)
        axes.set(xlabel="x", yticks=[], ylim=(-1, 1))
        axes.set_box_aspect(0.25)
        return
    axes.plot(*samples.T, ".", color=SAMPLE_COLOUR, markersize=2.5, markeredgewidth=0, alpha=0.7)
    axes.plot(*modes.T, "o", color=MODE_COLOUR, markersize=3, markeredgewidth=0)
    edge = float(np.abs(modes).max()) + 1
    axes.set(xlabel="x₁", ylabel="x₂", xlim=(-edge, edge), ylim=(-edge, edge), aspect="equal")


def caption(info: ClassMaps) -> str:
    """What is shown, and what tells classes."""
    shown = [each for each in info.maps if each.samples is not None]
    below = (
        f" Below: g(z) of {number(len(shown[0].samples))} samples z ~ N(0, I) in orange; in blue the points of which "  # type: ignore[arg-type]
        "the nearest is a sample's class."
        if shown
        else ""
    )
    return (
        f"Class of g(z) at each latent z, for every model of seed {info.seed} with one or two latent dimensions: what "
        f"has one colour is one class, and colours mean the same on all maps. {info.protocol}{below}"
    )


FIGURE = FigureKind(
    "class_map",
    "Classes in latent space",
    infos,
    draw,
    caption,
    "no map of classes was measured",
    photographic=True,
    place=120,
)
