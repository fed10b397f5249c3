"""2D-Grid: points of a mixture of Gaussians, drawn anew from their seed wherever they are needed."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from raysweep.data.source import RawImages, Source
from raysweep.seeding import derive_seed
from raysweep.study.data import GRID2D_DEVIATION, Grid2d, Split


def grid2d(settings: Grid2d, root: Path) -> Source:
    """Points (x, y) as images of 2 × 1 × 1 in float32; nothing is read from `root`."""

    def read() -> Mapping[Split, RawImages]:
        return {
            "train": _draw(settings, "train", settings.train),
            "validation": _draw(settings, "validation", settings.validation),
        }

    return Source("2D-Grid", "drawn", read)


def _draw(settings: Grid2d, split: Split, count: int) -> RawImages:
    """`count` points: for each a mode, every one as likely, and Gaussian noise around it."""
    stream = np.random.default_rng(derive_seed(settings.seed, "grid2d", split))
    labels = stream.integers(len(settings.modes), size=count)
    points = np.array(settings.modes)[labels] + GRID2D_DEVIATION * stream.standard_normal((count, 2))
    return RawImages([points.astype(np.float32)[:, :, np.newaxis, np.newaxis]], labels)
