"""Pixels of the tables, mosaics of them, and the trials that they show side by side."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.results import Results, TrialRow
from analysis.statistics.curves import series_label
from analysis.text.words import arm_label, axis_values, setting
from raysweep.study.architecture import ImageShape

Pixels = NDArray[np.uint8]

GAP = 255
"""Brightness between the images of a mosaic."""

LEAST_SIZE = 48
"""Smaller images are enlarged to about this many pixels, so that gaps can be finer than a pixel of theirs."""


def read_image(content: bytes, shape: ImageShape) -> Pixels:
    """An image (height, width, 3) from the bytes of a table, which are (channels, height, width).

    Raises:
        ValueError: they are not as many as an image of that shape has.
    """
    pixels = np.frombuffer(content, np.uint8).reshape(shape.channels, shape.size, shape.size)
    return np.repeat(pixels, 3 // shape.channels, axis=0).transpose(1, 2, 0)


def blank(shape: ImageShape) -> Pixels:
    """An image of the gap's brightness, where there is none."""
    return np.full((shape.size, shape.size, 3), GAP, np.uint8)


def mosaic(rows: Sequence[Sequence[Pixels]]) -> Pixels:
    """Images in rows as one image, with gaps of a twelfth of an image between them."""
    size = rows[0][0].shape[0]
    enlarged = -(-LEAST_SIZE // size)
    size, gap = size * enlarged, max(1, size * enlarged // 12)
    width = max(len(row) for row in rows)
    canvas = np.full(((size + gap) * len(rows) - gap, (size + gap) * width - gap, 3), GAP, np.uint8)
    for i, row in enumerate(rows):
        for j, image in enumerate(row):
            top, left = i * (size + gap), j * (size + gap)
            canvas[top : top + size, left : left + size] = image.repeat(enlarged, 0).repeat(enlarged, 1)
    return canvas


@dataclass(frozen=True)
class TrialColumn:
    """A trial and the words that tell it from its neighbours: "dim(z) = 2", or "λ = 0, c = ∞"."""

    label: str
    trial: TrialRow


@dataclass(frozen=True)
class TrialLine:
    """Trials of one arm and seed side by side: by dim(z), or by its other axes if it does not sweep dim(z)."""

    label: str
    main: bool
    """Whether it stands for its arm: axes other than dim(z) have the arm's own values."""
    columns: tuple[TrialColumn, ...]
    width: int
    """Columns of a full line: more than `columns` where this is the last of several lines."""


def trial_lines(results: Results, seed: int, most: int) -> tuple[TrialLine, ...]:
    """Every trial of a seed that has a latent space, whether finished or not, at most `most` in a line."""
    lines: dict[tuple[str, bool], list[TrialColumn]] = {}
    for trial in results.trials:
        if trial.seed != seed or trial.latent_dim is None:
            continue
        dim = f"dim(z) = {setting(trial.latent_dim)}"
        if "latent_dim" in trial.axes or not trial.others:
            key = (series_label(trial), results.is_main(trial))
            lines.setdefault(key, []).append(TrialColumn(dim, trial))
        else:
            key = (f"{arm_label(trial.arm, trial.family)} ({dim})", True)
            lines.setdefault(key, []).append(TrialColumn(axis_values(trial.others), trial))
    return tuple(
        TrialLine(label, main, tuple(columns[start : start + most]), min(most, len(columns)))
        for (label, main), columns in lines.items()
        for start in range(0, len(columns), most)
    )


def first_seed(results: Results, with_pictures: set[str]) -> int:
    """The seed of the first trial that has pictures."""
    return next(trial.seed for trial in results.trials if trial.id in with_pictures)
