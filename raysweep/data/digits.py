"""The handwritten digits that scikit-learn ships."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from raysweep.data.source import RawImages, Source, seeded_split
from raysweep.seeding import derive_seed
from raysweep.study.data import Digits, Split


def digits(settings: Digits, root: Path) -> Source:
    """1,797 images of 8 × 8; nothing is read from `root`."""
    return Source("digits of scikit-learn", "bundled", lambda: _read(settings.full_facts(root).validation))


def _read(held_out: int) -> Mapping[Split, RawImages]:
    from sklearn.datasets import load_digits  # noqa: PLC0415 (takes seconds, and only a node's first load needs it)

    loaded = load_digits()
    # Values are 0 … 16.
    pixels = np.rint(loaded.images * (255 / 16)).astype(np.uint8)[:, np.newaxis]
    labels = loaded.target.astype(np.int64)
    train, validation = seeded_split(len(pixels), held_out, derive_seed("digits", "split"))
    return {
        "train": RawImages([pixels[train]], labels[train]),
        "validation": RawImages([pixels[validation]], labels[validation]),
    }
