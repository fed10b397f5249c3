"""Pictures of interpolations: what each model makes of the way between the same two images."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from analysis.drawing.pictures import Pixels, TrialColumn, first_seed, mosaic, read_image, trial_lines
from analysis.drawing.style import PALETTE, WIDTH
from analysis.figures.base import FigureKind
from analysis.results import Results
from analysis.text.words import number
from raysweep.study.architecture import ImageShape

PAIRS = 2
"""Pairs side by side, at most."""

TRIALS = 3
"""The most trials of an arm that are shown: the first, the last, and others evenly between."""

LABELS = 1.25
"""Inches for the names of the lines."""

WAYS = {"linear": "", "spherical": ", on the sphere", "prior": ", between prior samples"}
"""What is added to an arm's name; paths without an encoder come last."""


@dataclass(frozen=True)
class PathLine:
    """A path: the images at its positions, and which of them lie off the data."""

    label: str
    images: tuple[Pixels, ...]
    off: tuple[bool, ...]


@dataclass(frozen=True)
class Paths:
    """The paths between a few pairs: for each, the same lines."""

    measure: str
    pairs: tuple[tuple[PathLine, ...], ...]
    seed: int


def infos(results: Results) -> tuple[Paths, ...]:
    """The paths that were kept, of the first seed that has any, by the trials that stand for their arms."""
    found = []
    for measure in results.measures("interpolation"):
        rows = results.rows(measure)
        rows = rows[rows["path"].notna()]
        if rows.empty:
            continue
        seed = first_seed(results, set(rows["trial"]))
        pairs = sorted(set(rows["pair"]))[:PAIRS]
        lines = [_lines(results, seed, rows[rows["pair"] == pair]) for pair in pairs]
        found.append(Paths(measure.name, tuple(lines), seed))
    return tuple(found)


def _lines(results: Results, seed: int, rows: pd.DataFrame) -> tuple[PathLine, ...]:
    shape = results.facts.shape
    blends = rows[rows["part"] == "blend"]
    lines = [_line("blend of the pixels", blends.iloc[0], shape)] if len(blends) else []
    trials = [
        (f"{line.label}\n{column.label}", column.trial.id)
        for line in trial_lines(results, seed, len(results.trials))
        if line.main
        for column in _some([column for column in line.columns if column.trial.id in set(rows["trial"])])
    ]
    for way, words in WAYS.items():
        for label, trial in trials:
            own = rows[(rows["trial"] == trial) & (rows["part"] == way)]
            if len(own):
                lines.append(_line(f"{label}{words}", own.iloc[0], shape))
    return tuple(lines)


def _some(columns: Sequence[TrialColumn]) -> list[TrialColumn]:
    """At most `TRIALS` of them, the first and the last among these."""
    places = np.linspace(0, len(columns) - 1, min(TRIALS, len(columns))).round().astype(int)
    return [columns[place] for place in places]


def _line(label: str, row: "pd.Series[Any]", shape: ImageShape) -> PathLine:
    content, distances = row["path"], np.asarray(row["distances"])
    size = len(content) // len(distances)
    images = tuple(read_image(content[start : start + size], shape) for start in range(0, len(content), size))
    return PathLine(label, images, tuple((distances > row["threshold"]).tolist()))


def draw(info: Paths, figure: Figure) -> None:
    """A mosaic for each pair, a line in it for each model; images off the data are framed."""
    lines, points = len(info.pairs[0]), len(info.pairs[0][0].images)
    image = min(0.4, (WIDTH - LABELS) / (len(info.pairs) * (points + 1)))
    figure.set_size_inches(WIDTH, lines * image * 1.09 + 0.25)
    row = figure.subplots(1, len(info.pairs), squeeze=False)[0]
    for axes, pair in zip(row, info.pairs, strict=True):
        _draw_pair(pair, axes, named=axes is row[0])


def _draw_pair(lines: Sequence[PathLine], axes: Axes, named: bool) -> None:
    picture = mosaic([line.images for line in lines])
    axes.imshow(picture, interpolation="antialiased", aspect="equal")
    down, across = picture.shape[0] / len(lines), picture.shape[1] / len(lines[0].images)
    for row, line in enumerate(lines):
        for column, off in enumerate(line.off):
            if off:
                corner = (column * across - 0.5, row * down - 0.5)
                axes.add_patch(
                    Rectangle(corner, across * 0.94, down * 0.94, fill=False, color=PALETTE[1], linewidth=0.9)
                )
    labels = [line.label for line in lines] if named else []
    axes.set_yticks([(row + 0.5) * down for row in range(len(labels))], labels)
    axes.set_xticks([0.5 * across, picture.shape[1] - 0.5 * across], ["t = 0", "t = 1"])
    axes.tick_params(length=0, pad=2, labelsize=5.5)
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)


def caption(info: Paths) -> str:
    """What is shown."""
    lines = info.pairs[0]
    blend = (
        "The first line is the blend of the two images themselves, as a control; the others decode "
        if lines[0].label == "blend of the pixels"
        else "Each line decodes "
    )
    return (
        f"{blend}the latents on the way, at {number(len(lines[0].images))} even positions t, of seed {info.seed}. "
        "Framed images lie off the data: they are farther from the nearest training image than most held-out images "
        "are. The pairs are the first of a random order, not selected; all models interpolate between the same two "
        "images, but each between its own prior samples."
    )


FIGURE = FigureKind(
    "interpolation_paths", "Interpolations", infos, draw, caption, "no paths were kept", photographic=True, place=200
)
