"""Searches that run side by side: each has its own state, and leaves the batch when it ends."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Self

import torch
from torch import Tensor

from raysweep.inversion.problem import Inversion, Status

SMALLEST_ERROR = 1e-10
"""An image is met when ‖g(z) − x‖² falls to this share of ‖x − c‖², c the centre of the generator's images."""


def smallest_errors(targets: Tensor, centre: Tensor | None) -> Tensor:
    """(count,): the ‖g(z) − x‖² at which each target is met; never less than rounding ‖x‖² can make."""
    signal = (targets if centre is None else targets - centre).flatten(1).square().sum(dim=1)
    rounding = torch.finfo(targets.dtype).eps ** 2 * targets.flatten(1).square().sum(dim=1)
    return SMALLEST_ERROR * signal + rounding


@dataclass
class Searches:
    """State of the searches that still run; the first dimension of every tensor is the search."""

    number: Tensor
    """Which search each one is."""
    target: Tensor
    enough: Tensor
    """The error at which the target is met."""
    z: Tensor
    error: Tensor
    """‖g(z) − x‖² at `z`, the best point so far: no step that raises it is taken."""
    passes: Tensor

    def __len__(self) -> int:
        return len(self.number)

    def only(self, which: Tensor) -> Self:
        """Those searches that a mask names."""
        return type(self)(**{field.name: getattr(self, field.name)[which] for field in fields(self)})


class Outcome:
    """How each of `count` searches ended."""

    def __init__(self, z: Tensor, error: Tensor) -> None:
        self.z = z.clone()
        self.error = torch.where(error.isfinite(), error, torch.inf)
        self.passes = torch.zeros(len(z), dtype=torch.int64, device=z.device)
        self.status: list[Status] = ["budget spent"] * len(z)

    def record(self, searches: Searches, status: Status) -> None:
        """Takes the results of searches that end."""
        self.z[searches.number] = searches.z
        self.error[searches.number] = searches.error
        self.passes[searches.number] = searches.passes
        for number in searches.number.tolist():
            self.status[number] = status

    def choose(self, starts: int, count: int) -> Tensor:
        """Drops all but the `count` best searches of each image; returns a mask of all searches."""
        errors = self.error.view(starts, -1)
        best = errors.topk(min(count, starts), dim=0, largest=False).indices
        chosen = torch.zeros_like(errors, dtype=torch.bool).scatter(0, best, True).flatten()
        self.error[~chosen] = torch.inf
        return chosen

    def best(self, starts: int) -> Inversion:
        """For each image the best of its searches, which are ordered by start, then image; passes are of all."""
        errors = self.error.view(starts, -1)
        winner = errors.argmin(dim=0)
        image = torch.arange(errors.shape[1], device=winner.device)
        number = winner * errors.shape[1] + image
        return Inversion(
            z=self.z[number],
            error=self.error[number],
            status=tuple(self.status[k] for k in number.tolist()),
            passes=self.passes.view(starts, -1).sum(dim=0),
        )


def in_chunks(function: Callable[..., tuple[Tensor, ...]], size: int, *rows: Tensor) -> tuple[Tensor, ...]:
    """`function` of at most `size` rows at a time, its results put together: bounds the memory."""
    parts = [function(*pieces) for pieces in zip(*(torch.split(tensor, size) for tensor in rows), strict=True)]
    return tuple(torch.cat(columns) for columns in zip(*parts, strict=True))
