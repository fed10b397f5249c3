"""The result of every reader, and the splits that we make."""

import hashlib
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from raysweep.study.data import Split


@dataclass(frozen=True)
class RawImages:
    """One split as it is read: in pieces, so that a large one is never whole in memory."""

    pieces: Iterable[NDArray[np.uint8]] | Iterable[NDArray[np.float32]]
    """Arrays (n, channels, size, size), which together are the split: bytes, or the float32 coordinates of points."""
    labels: NDArray[np.int64] | None = None
    """(count,) class numbers, or None where there are no classes."""


@dataclass(frozen=True)
class Source:
    """A data set that has not been read yet."""

    name: str
    """Says what it is and where, for messages."""
    fingerprint: str
    """Changes when the files do."""
    read: Callable[[], Mapping[Split, RawImages]]
    """Finds the files and starts to read them; downloads what can be downloaded."""
    needs: Path | None = None
    """A file or folder that exists once the data set does; None if it needs none."""
    fetched: bool = False
    """Whether it is downloaded if it is missing."""


def fingerprint(files: Iterable[Path]) -> str:
    """A hash of the files' paths, sizes and times of change; of a file that is not there, of its path."""
    digest = hashlib.sha256()
    for file in files:
        digest.update(os.fsencode(file.resolve()))
        if file.exists():
            status = file.stat()
            digest.update(f"\n{status.st_size}\n{status.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def seeded_split(total: int, held_out: int, seed: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Indices of the training and of the `held_out` validation images, each in random order.

    The order is random so that the first images of a split are a fair sample of it, however the files are sorted.
    """
    order = np.random.default_rng(seed).permutation(total)
    return order[held_out:], order[:held_out]
