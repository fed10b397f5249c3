"""Estimates the log of the ratio of two densities from samples of both: by a Gaussian, and a network for the rest."""

from collections.abc import Callable
from copy import deepcopy

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from raysweep.models.networks import build
from raysweep.study.architecture import Dense, Network

HIDDEN = 64
"""Units of each of the network's two layers."""
EPOCHS, PATIENCE = 30, 4
"""The most passes over the points; training ends after `PATIENCE` passes without progress on held-out points."""
BATCH = 256
LEARNING_RATE, WEIGHT_DECAY = 2e-3, 1e-2
HELD_OUT = 5
"""One in this many points is held out to find the best pass."""
FARTHEST = 20.0
"""Log ratios are clipped to this before the network starts from them, so that its losses stay finite."""
LEAST_VARIANCE = 1e-12
"""Added to each variance, so that points that are all equal have a density."""

LogRatio = Callable[[Tensor], Tensor]
"""Points (count, dim) to log q − log p, (count,)."""


def fit_log_ratio(q: Tensor, p: Tensor, seed: int = 0) -> LogRatio:
    """Estimates log q(z) / p(z) from points of both, where p is N(0, I).

    First it replaces q by a Gaussian, which is right for scale, shift and correlation in any dimension. Then a network
    learns the rest, as the logit of a classifier that tells the two apart. The network starts at zero, and stops when
    it gets no better on held-out points, so it learns nothing if there is nothing to learn.

    Args:
        q: (count, dim), in float64 on the CPU.
        p: (count, dim), as many.
        seed: of initialisation and order.

    Source: Sugiyama, Suzuki and Kanamori (2012), Chapter 4, density ratios by classification.
    """
    gaussian = _gaussian_log_ratio(q)
    stream = torch.Generator().manual_seed(seed)
    points, is_q = torch.cat([q, p]), torch.cat([torch.ones(len(q)), torch.zeros(len(p))])
    order = torch.randperm(len(points), generator=stream)
    network = _trained(points[order].float(), _cut(gaussian(points[order])), is_q[order], stream)
    return lambda z: gaussian(z) + _of(network, z.float())


def _gaussian_log_ratio(q: Tensor) -> LogRatio:
    """log N(z; μ, Σ) − log N(z; 0, I), with μ and Σ of the points, Σ shrunk towards a multiple of I.

    Source: Ledoit and Wolf (2004), Section 3.3.
    """
    count, dim = q.shape
    mean = q.mean(dim=0)
    centred = q - mean
    covariance = centred.T @ centred / count
    scale = covariance.trace() / dim
    target = scale * torch.eye(dim, dtype=q.dtype)
    distance = (covariance - target).square().sum()
    error = (centred.square().sum(dim=1).square().mean() - covariance.square().sum()) / count
    share = 1.0 if error >= distance else float(error / distance)
    shrunk = share * target + (1 - share) * covariance + LEAST_VARIANCE * torch.eye(dim, dtype=q.dtype)
    root = torch.linalg.cholesky(shrunk)

    def log_ratio(z: Tensor) -> Tensor:
        white = torch.linalg.solve_triangular(root, (z - mean).T, upper=False)
        ratio: Tensor = (z.square().sum(dim=1) - white.square().sum(dim=0)) / 2 - root.diagonal().log().sum()
        return ratio

    return log_ratio


def _trained(points: Tensor, start: Tensor, is_q: Tensor, stream: torch.Generator) -> nn.Module:
    """The network in its state after the best pass, or before the first if no pass was better."""
    layers = Dense(points.shape[1], HIDDEN, "relu"), Dense(HIDDEN, HIDDEN, "relu"), Dense(HIDDEN, 1)
    network = build(Network(layers), stream)
    nn.init.zeros_(network[-1].weight)  # type: ignore[arg-type]
    optimizer = torch.optim.AdamW(network.parameters(), lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY)
    held_out, rest = torch.arange(0, len(points), HELD_OUT), torch.arange(len(points))
    rest = rest[rest % HELD_OUT != 0]

    def loss(some: Tensor) -> Tensor:
        return binary_cross_entropy_with_logits(network(points[some])[:, 0] + start[some], is_q[some])

    def held_out_loss() -> float:
        with torch.no_grad():
            return float(loss(held_out))

    best, least, waited = deepcopy(network), held_out_loss(), 0
    for _ in range(EPOCHS):
        for batch in torch.split(rest[torch.randperm(len(rest), generator=stream)], BATCH):
            optimizer.zero_grad()
            torch.autograd.backward(loss(batch))
            optimizer.step()
        reached, waited = held_out_loss(), waited + 1
        if reached < least:
            best, least, waited = deepcopy(network), reached, 0
        if waited == PATIENCE:
            break
    return best


def _cut(log_ratio: Tensor) -> Tensor:
    return log_ratio.clamp(-FARTHEST, FARTHEST).float()


def _of(network: nn.Module, points: Tensor) -> Tensor:
    with torch.no_grad():
        values: Tensor = network(points)[:, 0]
    return values.double()
