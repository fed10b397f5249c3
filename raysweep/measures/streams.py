"""Random numbers of the measures. They are drawn on the CPU, so that they are equal on every device."""

from collections.abc import Iterable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from raysweep.seeding import derive_seed


def normal(shape: tuple[int, ...], device: torch.device, *name: str | int) -> Tensor:
    """Standard normal numbers of the stream that `name` names."""
    stream = torch.Generator().manual_seed(derive_seed(*name))
    return torch.randn(shape, generator=stream).to(device)


def normal_each(items: Iterable[int], shape: tuple[int, ...], device: torch.device, *name: str | int) -> Tensor:
    """(items, *shape) standard normal numbers; each item has a stream of its own, so shards can be cut anywhere."""
    return torch.stack([normal(shape, torch.device("cpu"), *name, item) for item in items]).to(device)


def uniform_each(items: Iterable[int], shape: tuple[int, ...], device: torch.device, *name: str | int) -> Tensor:
    """(items, *shape) numbers uniform in [-1, 1); each item has a stream of its own, so shards can be cut anywhere."""
    streams = [torch.Generator().manual_seed(derive_seed(*name, item)) for item in items]
    return torch.stack([torch.rand(shape, generator=stream) * 2 - 1 for stream in streams]).to(device)


def shuffled(count: int, *name: str | int) -> NDArray[np.int64]:
    """0 … `count` − 1 in the random order that `name` names."""
    return np.random.default_rng(derive_seed(*name)).permutation(count)
