"""Search for the nearest latent of another class: an upper estimate of r(z), with a witness.

For each sample z the boundary is approached from the nearest prior samples of other classes and along the best of
several rays, and then followed downhill to the point nearest to z. Every point that counts was classified.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

Logits = Callable[[Tensor], Tensor]
"""Latents (count, dim(z)) to the logits (count, classes) of their images; differentiable."""

SCAN = 6
"""Distances tried along a ray: the reach, and its halves down to 1/32."""
ROUGH_BISECTIONS = 6
"""Halvings of the segment from z to a start, before the boundary is followed."""
FINE_BISECTIONS = 10
"""Halvings of the segment from z to its witness, at the end: the radius is then at most 0.1 % above the segment's."""
OVERSHOOT = 0.01
"""By how much a step goes beyond the boundary's linear model, so that it usually ends in the other class."""
POINTS_AT_ONCE = 1024
"""Points in one batch of the classifier. It bounds the memory, and changes nothing but rounding."""


@dataclass(frozen=True)
class Bank:
    """Prior samples with their classes, in which near samples of other classes are looked up."""

    z: Tensor
    """(count, dim(z))"""
    label: Tensor
    """(count,)"""


@dataclass(frozen=True)
class Radii:
    """What was found around each of `count` samples."""

    radius: Tensor
    """(count,): ‖z − z'‖ to the witness z'; infinite where no other class was found."""
    label: Tensor
    """(count,): class of the sample."""
    other_label: Tensor
    """(count,): class of the witness; the sample's own where no other was found."""
    witness: Tensor
    """(count, dim(z)): z', classified to be of another class; the sample itself where none was found."""
    found: Tensor
    """(count,): whether another class was found."""
    evaluations: Tensor
    """(count,): generator passes spent on the sample, without the bank; a backward pass counts as one."""


def make_bank(logits: Logits, z: Tensor) -> Bank:
    """Classifies the latents `z` (count, dim(z)), drawn from the prior."""
    return Bank(z, _labels(logits, z))


def class_radius(
    logits: Logits, z: Tensor, bank: Bank, directions: Tensor, *, bank_starts: int, ray_starts: int, projections: int
) -> Radii:
    """Distance from each sample to the nearest latent of another class, from above.

    r(z) = inf ‖z − z'‖ over z' with c(g(z')) ≠ c(g(z))

    Starts are the `bank_starts` nearest latents of another class in the bank, and where the `ray_starts` best rays
    first meet another class. From each start, `projections` times: with the margin F = logit_c − logit_j to the
    strongest other class j and w = ∇F, go to the nearest point to z of the plane where the linear model of F is zero,
    z + w (w · (z' − z) − F) / ‖w‖², and a little beyond. The best point that was classified as another class is
    bisected back towards z.

    Args:
        logits: the classifier of the generated images; its parameters should be frozen.
        z: (count, dim(z)) samples.
        bank: prior samples with their classes.
        directions: (count, rays, dim(z)) unit vectors, the rays from each sample.
        bank_starts: starts taken from the bank.
        ray_starts: starts taken from the rays.
        projections: steps along the boundary, from each start.

    Source: Manoj (2018), Definition 2.5. The step is the design-point iteration of Hasofer and Lind (1974) and
    Rackwitz and Fiessler (1978), with its length limited.
    """
    search = _Search(logits, z)
    near = _nearest_in_bank(search, bank, bank_starts)
    directions = directions if ray_starts else directions[:, :0]
    ahead = _along_rays(search, directions, reach=2 * float(bank.z.norm(dim=1).max()), keep=ray_starts)
    starts = _Ends(torch.cat([near.point, ahead.point], dim=1), torch.cat([near.valid, ahead.valid], dim=1))
    best = _keep_nearest(search, _follow(search, starts, projections), 1)
    witness = _bisect(search, best, torch.zeros_like(best.valid, dtype=z.dtype), FINE_BISECTIONS)
    found = best.valid[:, 0]
    other_label = search.labels(witness.point, best.valid)[:, 0]
    nearest = torch.where(found[:, None], witness.point[:, 0], z)
    radius = torch.where(found, (nearest - z).norm(dim=1), torch.inf)
    return Radii(radius, search.label, other_label, nearest, found, search.evaluations)


@dataclass(frozen=True)
class _Ends:
    """Points of another class, several for each sample: the ends of segments from z."""

    point: Tensor
    """(count, points, dim(z))"""
    valid: Tensor
    """(count, points): where it is false there is no such point, and `point` means nothing."""


class _Search:
    """Classifies points around the samples, and counts for each sample what that took."""

    def __init__(self, logits: Logits, z: Tensor) -> None:
        self.logits = logits
        self.z = z
        self.label = _labels(logits, z)
        self.evaluations = torch.ones_like(self.label)

    def distance(self, ends: _Ends) -> Tensor:
        """(count, points): ‖z − z'‖, infinite where there is no point."""
        return torch.where(ends.valid, (ends.point - self.z[:, None]).norm(dim=2), torch.inf)

    def labels(self, points: Tensor, active: Tensor) -> Tensor:
        """(count, points): classes of the active points; the sample's own class elsewhere, at no cost."""
        self.evaluations += active.sum(dim=1)
        labels = self.label[:, None].expand(active.shape).clone()
        if active.any():
            labels[active] = _labels(self.logits, points[active])
        return labels

    def differ(self, points: Tensor, active: Tensor) -> Tensor:
        """(count, points): which points are active and of another class than their sample."""
        return self.labels(points, active) != self.label[:, None]

    def margins(self, points: Tensor, active: Tensor) -> tuple[Tensor, Tensor]:
        """F = logit_c − logit_j to the strongest other class j, (count, points), and ∇F; zero where not active."""
        self.evaluations += 2 * active.sum(dim=1)
        label = self.label[:, None].expand(active.shape)[active]
        margin, gradient = torch.zeros_like(points[..., 0]), torch.zeros_like(points)
        if active.any():
            margin[active], gradient[active] = _margins(self.logits, points[active], label)
        return margin, gradient


def _labels(logits: Logits, points: Tensor) -> Tensor:
    with torch.no_grad():
        return torch.cat([logits(some).argmax(dim=1) for some in torch.split(points, POINTS_AT_ONCE)])


def _margins(logits: Logits, points: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    margins, gradients = [], []
    for some, label in zip(torch.split(points, POINTS_AT_ONCE), torch.split(labels, POINTS_AT_ONCE), strict=True):
        z = some.detach().requires_grad_()
        values = logits(z)
        own = values.gather(1, label[:, None])
        others = values.scatter(1, label[:, None], -torch.inf)
        margin = own[:, 0] - others.max(dim=1).values
        (gradient,) = torch.autograd.grad(margin.sum(), z)
        margins.append(margin.detach())
        gradients.append(gradient)
    return torch.cat(margins), torch.cat(gradients)


def _keep_nearest(search: _Search, ends: _Ends, count: int) -> _Ends:
    """The `count` nearest ends of each sample."""
    kept = search.distance(ends).topk(min(count, ends.valid.shape[1]), dim=1, largest=False).indices
    return _Ends(ends.point.take_along_dim(kept[..., None], dim=1), ends.valid.take_along_dim(kept, dim=1))


def _nearest_in_bank(search: _Search, bank: Bank, count: int) -> _Ends:
    """The nearest latents of another class in the bank, bisected towards z."""
    distance = torch.cdist(search.z, bank.z).masked_fill(bank.label == search.label[:, None], torch.inf)
    nearest = distance.topk(min(count, len(bank.z)), dim=1, largest=False)
    ends = _Ends(bank.z[nearest.indices], nearest.values.isfinite())
    return _bisect(search, ends, torch.zeros_like(nearest.values), ROUGH_BISECTIONS)


def _along_rays(search: _Search, directions: Tensor, reach: float, keep: int) -> _Ends:
    """Where the best `keep` rays first meet another class, at distances up to `reach`.

    The reach is twice the largest norm in the bank, so no two of its latents are further apart.
    """
    searching = torch.ones(directions.shape[:2], dtype=torch.bool, device=directions.device)
    point, clear = torch.zeros_like(directions), torch.zeros_like(directions[..., 0])
    for k in range(SCAN):
        points = search.z[:, None] + reach * 0.5 ** (SCAN - 1 - k) * directions
        met = search.differ(points, searching)
        point = torch.where(met[..., None], points, point)
        # The distance tried before was half of this one, and still of the sample's class.
        clear = torch.where(met, 0.5 if k else 0.0, clear)
        searching &= ~met
    ends = _Ends(point, ~searching)
    return _keep_nearest(search, _bisect(search, _contenders(search, ends, clear, keep), clear, ROUGH_BISECTIONS), keep)


def _contenders(search: _Search, ends: _Ends, clear: Tensor, keep: int) -> _Ends:
    """The ends that can be among the nearest `keep` once bisected: the others' clear part alone is longer."""
    distance = search.distance(ends)
    bound = distance.topk(min(keep, distance.shape[1]), dim=1, largest=False).values[:, -1:]
    return _Ends(ends.point, ends.valid & (clear * distance <= bound))


def _bisect(search: _Search, ends: _Ends, clear: Tensor, steps: int) -> _Ends:
    """The ends moved towards z, still of another class; `clear` (count, points) is a share of the way that is not."""
    point, low, high = ends.point, clear, torch.ones_like(clear)
    for _ in range(steps):
        middle = (low + high) / 2
        between = search.z[:, None] + middle[..., None] * (ends.point - search.z[:, None])
        other = search.differ(between, ends.valid)
        point = torch.where(other[..., None], between, point)
        low, high = torch.where(other, low, middle), torch.where(other, middle, high)
    return _Ends(point, ends.valid)


def _follow(search: _Search, starts: _Ends, projections: int) -> _Ends:
    """From each start, the nearest point of another class that was met on the way down the boundary."""
    z = search.z[:, None]
    best, point = starts, starts.point
    for _ in range(projections):
        margin, gradient = search.margins(point, starts.valid)
        best = _nearer(search, best, _Ends(point, starts.valid & (margin < 0)))
        squared = gradient.square().sum(dim=2)
        to_plane = ((gradient * (point - z)).sum(dim=2) - margin) / squared
        step = z + (1 + OVERSHOOT) * to_plane[..., None] * gradient - point
        longest = search.distance(best) / 2
        step *= (longest / step.norm(dim=2)).clamp(max=1.0)[..., None]
        # Where the classifier is flat the linear model has no plane, and the point stays.
        point = torch.where((squared > 0)[..., None], point + step, point)
    return _nearer(search, best, _Ends(point, search.differ(point, starts.valid)))


def _nearer(search: _Search, ends: _Ends, others: _Ends) -> _Ends:
    """Of each pair of ends, the valid one nearer to z."""
    better = search.distance(others) < search.distance(ends)
    return _Ends(torch.where(better[..., None], others.point, ends.point), ends.valid | others.valid)
