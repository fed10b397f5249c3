"""Inversion by the protocol of Webster et al.: PyTorch's L-BFGS, one image at a time."""

import torch
from torch import Tensor

from raysweep.inversion.problem import Generate, Inversion, Status, squared_error
from raysweep.inversion.shared import NOTHING, Shared
from raysweep.study.solvers import WebsterLbfgs


def invert(
    generate: Generate, targets: Tensor, starts: Tensor, settings: WebsterLbfgs, _shared: Shared = NOTHING
) -> Inversion:
    """What the last step from each start reached, or where it went astray the start; the best start is kept.

    Every step is one call of `torch.optim.LBFGS` with one iteration, on the mean squared error per pixel value. There
    is no constraint and no line search, so a search can diverge. Every search is reported as having spent its
    budget: the protocol has no test of convergence.

    Source: Webster, Rabin, Simon and Jurie (2019), and the code published with it.
    """
    pairs = [
        [_search(generate, x[None], z[None], settings.steps) for x, z in zip(targets, start, strict=True)]
        for start in starts
    ]
    z = torch.stack([torch.cat([found for found, _ in searches]) for searches in pairs])
    error = torch.stack([torch.cat([error for _, error in searches]) for searches in pairs])
    winner = error.argmin(dim=0)
    image = torch.arange(len(targets), device=winner.device)
    spent: list[Status] = ["budget spent"] * len(targets)
    passes = torch.full_like(winner, (2 * settings.steps + 1) * len(starts))
    return Inversion(z[winner, image], error[winner, image], tuple(spent), passes)


def _search(generate: Generate, target: Tensor, start: Tensor, steps: int) -> tuple[Tensor, Tensor]:
    z = start.clone().requires_grad_()
    optimizer = torch.optim.LBFGS([z], max_iter=1)

    def closure() -> Tensor:
        error = squared_error(generate(z), target).sum() / target.numel()
        (z.grad,) = torch.autograd.grad(error, z)
        return error

    for _ in range(steps):
        optimizer.step(closure)  # type: ignore[no-untyped-call]
    with torch.no_grad():
        error = squared_error(generate(z), target)
        if not bool(error.isfinite()):
            return start, squared_error(generate(start), target)
    return z.detach(), error
