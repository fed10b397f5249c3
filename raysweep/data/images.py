"""Images, or points, in memory, as every data set delivers them."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from raysweep.study.data import DataFacts, Split

BYTES_PER_UNIT = 127.5
"""Steps of a byte in a unit of brightness, of which [-1, 1] holds two."""


@dataclass(frozen=True)
class Images:
    """One split: pixels as bytes, read through a memory map that all processes of a node share.

    Points stand as images of one pixel, whose channels are their coordinates in float32.
    """

    pixels: NDArray[np.uint8] | NDArray[np.float32]
    """(count, channels, size, size)"""
    labels: NDArray[np.int64] | None
    """(count,) class numbers, or None where there are no classes."""

    def __len__(self) -> int:
        return len(self.pixels)

    def batch(self, indices: NDArray[np.int64], device: torch.device) -> tuple[Tensor, Tensor | None]:
        """The images at `indices` as float32 in [-1, 1] (points: as they are) on `device`, and their labels."""
        pixels = torch.from_numpy(self.pixels[indices]).to(device)
        images = pixels if pixels.is_floating_point() else to_unit(pixels)
        return images, None if self.labels is None else torch.from_numpy(self.labels[indices]).to(device)


@dataclass(frozen=True)
class DataSet:
    """Both splits of a data set."""

    facts: DataFacts
    train: Images
    validation: Images

    def split(self, name: Split) -> Images:
        """The split of that name."""
        return self.train if name == "train" else self.validation


def to_unit(pixels: Tensor) -> Tensor:
    """Bytes 0 … 255 to float32 in [-1, 1]."""
    return pixels.to(torch.float32) / BYTES_PER_UNIT - 1.0


def to_bytes(images: Tensor) -> NDArray[np.uint8]:
    """Images in [-1, 1] to bytes, rounded to the nearest; values outside are clamped."""
    return ((images.detach() + 1.0) * BYTES_PER_UNIT).round().clamp(0, 255).to("cpu", torch.uint8).numpy()
