"""Search for the nearest latent of another class: an upper estimate of r(z), with a witness.

For each sample z the boundary is approached down the margin's gradient, from the nearest prior samples of other
classes, and along the best of several rays, and then followed to the point nearest to z. Every point that counts was
classified.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from raysweep.radius.problem import POINTS_AT_ONCE, Logits, labels_of

SCAN = 6
"""Distances tried along a ray: the reach, and its halves down to 1/32."""
ROUGH = 1 / 4
"""A start's boundary is bracketed to this share of its distance to z before it is followed."""
FINE = 1e-3
"""The same for the witness at the end: the radius is at most 0.1 % above the segment's."""
OVERSHOOT = 0.01
"""By how much a step goes beyond the boundary's linear model, so that it usually ends in the other class."""
SETTLED = 0.01
"""A start has arrived when its next step is shorter than this share of its distance to z."""
SAME = 0.03
"""Starts of one sample that come nearer to each other than this share of their distance to z go on as one."""
HOPELESS = 1.5
"""A start is given up when, after its first step, its boundary is this many times as far as the sample's nearest."""


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
    converged: Tensor
    """(count,): whether a start came to rest at the witness, or as near to z as that. The others ran out of steps."""
    evaluations: Tensor
    """(count,): generator passes spent on the sample, without the bank; a backward pass counts as one."""


def make_bank(logits: Logits, z: Tensor) -> Bank:
    """Classifies the latents `z` (count, dim(z)), drawn from the prior."""
    return Bank(z, labels_of(logits, z))


def class_radius(
    logits: Logits, z: Tensor, bank: Bank, directions: Tensor, *, bank_starts: int, ray_starts: int, projections: int
) -> Radii:
    """Distance from each sample to the nearest latent of another class, from above.

    r(z) = inf ‖z − z'‖ over z' with c(g(z')) ≠ c(g(z))

    Starts are z itself, the `bank_starts` nearest latents of another class in the bank, and where the `ray_starts` best
    rays first meet another class. From each start, up to `projections` times: with the margin F = logit_c − logit_j to
    the strongest other class j and w = ∇F, go to the nearest point to z of the plane where the linear model of F is
    zero, z + w (w · (z' − z) − F) / ‖w‖², and a little beyond. A start ends early where it comes to rest, where it
    meets an earlier one, and where its plane is much further than the sample's best point. The best point that was
    classified as another class is bisected back towards z.

    Args:
        logits: the classifier of the generated images; its parameters should be frozen.
        z: (count, dim(z)) samples.
        bank: prior samples with their classes; further from z than twice their largest norm nothing is sought.
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
    reach = 2 * float(bank.z.norm(dim=1).max())
    ahead = _along_rays(search, directions, reach, keep=ray_starts)
    starts = _Ends(torch.cat([near.point, ahead.point], dim=1), torch.cat([near.valid, ahead.valid], dim=1))
    followed, arrived = _follow(search, starts, projections, reach)
    distance = search.distance(followed)
    converged = (arrived & (distance <= (1 + SAME) * distance.amin(dim=1, keepdim=True))).any(dim=1)
    best = _keep_nearest(search, followed, 1)
    witness = _bisect(search, *_just_before(search, best), FINE, keep=1)
    found = best.valid[:, 0]
    other_label = search.labels(witness.point, best.valid)[:, 0]
    nearest = torch.where(found[:, None], witness.point[:, 0], z)
    radius = torch.where(found, (nearest - z).norm(dim=1), torch.inf)
    return Radii(radius, search.label, other_label, nearest, found, converged, search.evaluations)


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
        self.label = labels_of(logits, z)
        self.evaluations = torch.ones_like(self.label)

    def distance(self, ends: _Ends) -> Tensor:
        """(count, points): ‖z − z'‖, infinite where there is no point."""
        return torch.where(ends.valid, (ends.point - self.z[:, None]).norm(dim=2), torch.inf)

    def labels(self, points: Tensor, active: Tensor) -> Tensor:
        """(count, points): classes of the active points; the sample's own class elsewhere, at no cost."""
        self.evaluations += active.sum(dim=1)
        labels = self.label[:, None].expand(active.shape).clone()
        if active.any():
            labels[active] = labels_of(self.logits, points[active])
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
    return _bisect(search, ends, torch.zeros_like(nearest.values), ROUGH, keep=count)


def _along_rays(search: _Search, directions: Tensor, reach: float, keep: int) -> _Ends:
    """Where the best `keep` rays first meet another class, at distances up to `reach`.

    The reach is twice the largest norm in the bank, so no two of its latents are further apart.
    """
    valid = torch.zeros(directions.shape[:2], dtype=torch.bool, device=directions.device)
    point, clear = torch.zeros_like(directions), torch.zeros_like(directions[..., 0])
    for k in range(SCAN):
        points = search.z[:, None] + reach * 0.5 ** (SCAN - 1 - k) * directions
        # Rays that go on would meet a class further out than those that have.
        met = search.differ(points, ~valid & (valid.sum(dim=1, keepdim=True) < keep))
        point = torch.where(met[..., None], points, point)
        # The distance tried before was half of this one, and still of the sample's class.
        clear = torch.where(met, 0.5 if k else 0.0, clear)
        valid |= met
    return _keep_nearest(search, _bisect(search, _Ends(point, valid), clear, ROUGH, keep), keep)


def _bisect(search: _Search, ends: _Ends, clear: Tensor, width: float, keep: int) -> _Ends:
    """The ends moved towards z, still of another class, until their boundaries are bracketed.

    Those that cannot be among the sample's nearest `keep` stop early.

    Args:
        search: around the samples.
        ends: to be moved.
        clear: (count, points), the share of the way from z to each end that is known to be of the sample's class.
        width: of the bracket, as a share of the distance.
        keep: how many ends of each sample are wanted.
    """
    point, low, high, length = ends.point, clear, torch.ones_like(clear), search.distance(ends)
    while True:
        reached = (high * length).topk(min(keep, length.shape[1]), dim=1, largest=False).values[:, -1:]
        active = ends.valid & (high - low > width * high) & (low * length <= reached)
        if not active.any():
            return _Ends(point, ends.valid)
        middle = (low + high) / 2
        between = search.z[:, None] + middle[..., None] * (ends.point - search.z[:, None])
        other = search.differ(between, active)
        point = torch.where(other[..., None], between, point)
        low, high = torch.where(active & ~other, middle, low), torch.where(other, middle, high)


def _just_before(search: _Search, ends: _Ends) -> tuple[_Ends, Tensor]:
    """The ends, and the share of the way to each that is clear: most lie beyond the boundary by the overshoot alone."""
    before = search.z[:, None] + (1 - 2 * OVERSHOOT) * (ends.point - search.z[:, None])
    other = search.differ(before, ends.valid)
    clear = torch.where(other, 0.0, 1 - 2 * OVERSHOOT)
    return _Ends(torch.where(other[..., None], before, ends.point), ends.valid), clear


def _follow(search: _Search, starts: _Ends, projections: int, reach: float) -> tuple[_Ends, Tensor]:
    """The nearest point of another class that was met on the way down the boundary, from z itself and each start.

    With them, (count, 1 + points): which came to rest, their next step being short.
    """
    z = search.z[:, None]
    point = torch.cat([z, starts.point], dim=1)
    active = torch.cat([torch.ones_like(search.label, dtype=torch.bool)[:, None], starts.valid], dim=1)
    best = _Ends(point, torch.cat([torch.zeros_like(active[:, :1]), starts.valid], dim=1))
    arrived = torch.zeros_like(active)
    for k in range(projections):
        margin, gradient = search.margins(point, active)
        best = _nearer(search, best, _Ends(point, active & (margin < 0)))
        squared = gradient.square().sum(dim=2)
        to_plane = ((gradient * (point - z)).sum(dim=2) - margin) / squared
        step = z + (1 + OVERSHOOT) * to_plane[..., None] * gradient - point
        distance, length = search.distance(best), step.norm(dim=2)
        arrived |= active & (margin < 0) & (length < SETTLED * distance)
        # Where the classifier is flat the linear model has no plane, and the point stays.
        active = active & (squared > 0) & ~arrived
        step *= (distance / 2 / length).clamp(max=1.0)[..., None]
        point = torch.where(active[..., None], point + step, point)
        active &= ~_repeated(search, point, active) & ((point - z).norm(dim=2) <= reach)
        if k:
            active &= to_plane.abs() * squared.sqrt() < HOPELESS * distance.amin(dim=1, keepdim=True)
    return _nearer(search, best, _Ends(point, search.differ(point, active))), arrived


def _repeated(search: _Search, point: Tensor, active: Tensor) -> Tensor:
    """(count, points): which points lie where an earlier active point of the same sample does."""
    apart = torch.cdist(point, point, compute_mode="donot_use_mm_for_euclid_dist")
    same = apart < SAME * (point - search.z[:, None]).norm(dim=2)[:, None]
    earlier = torch.ones_like(same).triu(1) & active[:, :, None]
    repeated: Tensor = (same & earlier).any(dim=1)
    return repeated


def _nearer(search: _Search, ends: _Ends, others: _Ends) -> _Ends:
    """Of each pair of ends, the valid one nearer to z."""
    better = search.distance(others) < search.distance(ends)
    return _Ends(torch.where(better[..., None], others.point, ends.point), ends.valid | others.valid)
