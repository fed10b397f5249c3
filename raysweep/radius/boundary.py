"""Search for the nearest latent of another class: an upper estimate of r(z), with a witness.

For each sample z the boundary is approached down the margin's gradient and from the nearest prior samples of other
classes, and followed to the point nearest to z. Then rays ask whether another class is about as near elsewhere, and the
best of them are followed too. A sample whose search has not come to rest by then is searched further, from more starts
and along the kinks of its boundary. Every point that counts was classified.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import normalize

from raysweep.gradients import with_gradients
from raysweep.radius.problem import POINTS_AT_ONCE, Logits, labels_of

ROUNDING = 1e-5
"""Relative differences of distances below which they count as equal."""
AROUND = 1.25
"""Rays look for another class at this many times the distance of the nearest found so far."""
SCAN = 6
"""Distances tried along a ray where none was found: the reach, and its halves down to 1/32."""
ISOTROPIC = 0.1
"""Rays that go in any direction, as a share of those that go where classes change."""
GRADIENTS = 500
"""Of the bank's latents, at most, whose gradients say in which directions classes change."""
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
MORE_STARTS, MORE_STEPS = 16, 12
"""From how many points a search that has not come to rest goes on, and for how many steps along the kinks."""
PLANES = 3
"""Linear models of the boundary that are kept at a kink: the newest ones."""
CYCLES = 30
"""Of the projection on the planes of a kink. It need not be exact, since each step is classified."""
NEAR_MODEL, NEAR_GOAL = 0.015, 0.1
"""An end has come to rest at a kink when its planes' point is as far from z, to this share, and lies as near to it."""


@dataclass(frozen=True)
class Bank:
    """Prior samples with their classes, in which near samples of other classes are looked up."""

    z: Tensor
    """(count, dim(z))"""
    label: Tensor
    """(count,)"""
    slopes: Tensor
    """(dim(z), dim(z)): the root of the mean of n nᵀ, with n the direction of ∇F, over `GRADIENTS` of them, and a small
    multiple of I. Through it, isotropic noise gets the directions in which classes change."""


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
    """(count,): whether a start came to rest at the witness, or as near to z as that. The others ran out of steps, the
    further ones included."""
    evaluations: Tensor
    """(count,): generator passes spent on the sample, without the bank; a backward pass counts as one."""


@with_gradients
def make_bank(logits: Logits, z: Tensor) -> Bank:
    """Classifies the latents `z` (count, dim(z)), drawn from the prior, and takes the first margins' gradients."""
    label = labels_of(logits, z)
    _, gradient = _margins(logits, z[:GRADIENTS], label[:GRADIENTS])
    directions = normalize(gradient, dim=1).double().cpu()
    isotropic = ISOTROPIC / z.shape[1] * torch.eye(z.shape[1], dtype=torch.float64)
    variances, axes = torch.linalg.eigh(directions.T @ directions / len(directions) + isotropic)
    slopes = (axes * variances.clamp(min=0).sqrt()) @ axes.T
    return Bank(z, label, slopes.to(z))


@with_gradients
def class_radius(
    logits: Logits, z: Tensor, bank: Bank, noise: Tensor, *, bank_starts: int, ray_starts: int, projections: int
) -> Radii:
    """Distance from each sample to the nearest latent of another class, from above.

    r(z) = inf ‖z − z'‖ over z' with c(g(z')) ≠ c(g(z))

    Starts are z itself and the `bank_starts` nearest latents of another class in the bank; and then the `ray_starts`
    nearest of the rays that are in another class a quarter beyond the best point so far. Rays go where gradients in the
    bank go, since a boundary is seldom near in a direction that changes no class. From each start, up to `projections`
    times: with the margin F = logit_c − logit_j to the strongest other class j and w = ∇F, go to the nearest point to z
    of the plane where the linear model of F is zero, z + w (w · (z' − z) − F) / ‖w‖², and a little beyond. A start ends
    early where it comes to rest, where it meets an earlier one, and where its plane is much further than the sample's
    best point. A sample none of whose starts came to rest near its best point is searched further: a boundary of kinks
    turns its linear model at each step. The best point and the 16 nearest of the bank are followed to the nearest point
    of the last three planes together. The best point that was classified as another class is bisected back towards z.

    Args:
        logits: the classifier of the generated images; its parameters should be frozen.
        z: (count, dim(z)) samples.
        bank: prior samples with their classes; further from z than twice their largest norm nothing is sought.
        noise: (count, rays, dim(z)) standard normal numbers, which become the rays from each sample.
        bank_starts: starts taken from the bank.
        ray_starts: starts taken from the rays.
        projections: steps along the boundary, from each start.

    Source: Manoj (2018), Definition 2.5. The step is the design-point iteration of Hasofer and Lind (1974) and
    Rackwitz and Fiessler (1978), with its length limited; at kinks it is that of a bundle of cutting planes (Kelley,
    1960), and their nearest point is found by Hildreth's (1957) method.
    """
    search = _Search(logits, z, labels_of(logits, z))
    reach = 2 * float(bank.z.norm(dim=1).max())
    itself = _Ends(z[:, None], torch.zeros_like(search.label, dtype=torch.bool)[:, None])
    near = _joined(itself, _nearest_in_bank(search, bank, bank_starts))
    active = near.valid.clone()
    active[:, 0] = True
    followed, arrived = _follow(search, near, active, itself, projections, reach)
    best = _keep_nearest(search, followed, 1)
    if ray_starts:
        rays = _along_rays(search, normalize(noise @ bank.slopes, dim=2), best, reach, keep=ray_starts)
        more, also_arrived = _follow(search, rays, rays.valid, best, projections, reach)
        followed, arrived = _joined(followed, more), torch.cat([arrived, also_arrived], dim=1)
        best = _keep_nearest(search, followed, 1)
    distance = search.distance(followed)
    converged = (arrived & (distance <= (1 + SAME) * distance.amin(dim=1, keepdim=True))).any(dim=1)
    best, converged = _search_further(search, bank, best, converged, projections, reach)
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

    def __init__(self, logits: Logits, z: Tensor, label: Tensor) -> None:
        self.logits = logits
        self.z = z
        self.label = label
        self.evaluations = torch.ones_like(label)

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


def _joined(ends: _Ends, others: _Ends) -> _Ends:
    return _Ends(torch.cat([ends.point, others.point], dim=1), torch.cat([ends.valid, others.valid], dim=1))


def _keep_nearest(search: _Search, ends: _Ends, count: int) -> _Ends:
    """The `count` nearest ends of each sample; of equal ones, the first."""
    distance = search.distance(ends)
    ranked = distance * (1 + ROUNDING * torch.arange(distance.shape[1], device=distance.device))
    kept = ranked.topk(min(count, distance.shape[1]), dim=1, largest=False).indices
    return _Ends(ends.point.take_along_dim(kept[..., None], dim=1), ends.valid.take_along_dim(kept, dim=1))


def _nearest_in_bank(search: _Search, bank: Bank, count: int) -> _Ends:
    """The nearest latents of another class in the bank, bisected towards z."""
    distance = torch.cdist(search.z, bank.z).masked_fill(bank.label == search.label[:, None], torch.inf)
    nearest = distance.topk(min(count, len(bank.z)), dim=1, largest=False)
    ends = _Ends(bank.z[nearest.indices], nearest.values.isfinite())
    return _bisect(search, ends, torch.zeros_like(nearest.values), ROUGH, keep=count)


def _along_rays(search: _Search, directions: Tensor, best: _Ends, reach: float, keep: int) -> _Ends:
    """The nearest `keep` rays that meet another class somewhat beyond the sample's best point, bisected towards z.

    Where there is no such point, they look at distances up to the reach, which is twice the largest norm in the bank:
    no two of its latents are further apart.
    """
    valid = torch.zeros(directions.shape[:2], dtype=torch.bool, device=directions.device)
    point, clear = torch.zeros_like(directions), torch.zeros_like(directions[..., 0])
    nearest = search.distance(best)
    for k in range(SCAN):
        length = torch.where(best.valid, AROUND * nearest, reach * 0.5 ** (SCAN - 1 - k))
        points = search.z[:, None] + length[..., None] * directions
        # Rays that go on would meet a class further out than those that have.
        wanted = valid.sum(dim=1, keepdim=True) < keep
        met = search.differ(points, ~valid & wanted & (~best.valid | (k == 0)))
        point = torch.where(met[..., None], points, point)
        # The distance tried before was half of this one, and still of the sample's class.
        clear = torch.where(met, 0.5 if k else 0.0, clear)
        valid |= met
        if bool(best.valid.all()):
            break
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
        # Rays are equally long but for rounding, which must not decide.
        active = ends.valid & (high - low > width * high) & (low * length <= reached * (1 + ROUNDING))
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


def _follow(
    search: _Search, starts: _Ends, active: Tensor, known: _Ends, projections: int, reach: float
) -> tuple[_Ends, Tensor]:
    """The nearest point of another class that was met on the way down the boundary, from each active start.

    With them, (count, points): which came to rest, their next step being short. `known` is each sample's best point so
    far, if it has one: what comes near to it again ends there.
    """
    z, point, best = search.z[:, None], starts.point, starts
    arrived, to_beat = torch.zeros_like(active), search.distance(known)
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
        active &= ~known.valid | ((point - known.point).norm(dim=2) > SAME * to_beat)
        if k:
            shortest = distance.amin(dim=1, keepdim=True).minimum(to_beat)
            active &= to_plane.abs() * squared.sqrt() < HOPELESS * shortest
    return _nearer(search, best, _Ends(point, search.differ(point, active))), arrived


def _search_further(
    search: _Search, bank: Bank, best: _Ends, converged: Tensor, projections: int, reach: float
) -> tuple[_Ends, Tensor]:
    """The best point of each sample and whether it converged, after more was spent on those that had not."""
    some = ~converged & best.valid[:, 0]
    if not projections or not some.any():
        return best, converged
    rest = _Search(search.logits, search.z[some], search.label[some])
    known = _Ends(best.point[some], best.valid[some])
    starts = _joined(known, _nearest_in_bank(rest, bank, MORE_STARTS))
    followed, arrived = _follow_kinks(rest, _keep_nearest(rest, starts, MORE_STARTS), reach)
    distance = rest.distance(followed)
    better = _keep_nearest(rest, _joined(known, followed), 1)
    nearest = rest.distance(better)
    point, converged = best.point.clone(), converged.clone()
    point[some] = better.point
    converged[some] = (arrived & (distance <= (1 + SAME) * nearest)).any(dim=1)
    search.evaluations[some] += rest.evaluations - 1  # their classes were known
    return _Ends(point, best.valid), converged


def _follow_kinks(search: _Search, starts: _Ends, reach: float) -> tuple[_Ends, Tensor]:
    """As `_follow`, with the last linear models of the boundary instead of the newest alone.

    Where two pieces of a boundary meet at a kink, the model of either points past the other, and steps jump to and fro.
    The nearest point that is beyond all of their planes lies at the kink.
    """
    z, point, best, active = search.z[:, None], starts.point, starts, starts.valid
    arrived, overshoot = torch.zeros_like(active), torch.full_like(point[..., 0], OVERSHOOT)
    normals = torch.zeros_like(point)[:, :, None].repeat(1, 1, PLANES, 1)
    offsets = torch.zeros_like(normals[..., 0])
    for _ in range(MORE_STEPS):
        margin, gradient = search.margins(point, active)
        best = _nearer(search, best, _Ends(point, active & (margin < 0)))
        slope, distance = gradient.norm(dim=2), search.distance(best)
        # Where the classifier is flat the linear model has no plane, and the point stays.
        active = active & (slope > 0)
        normal = gradient / slope.clamp(min=torch.finfo(slope.dtype).tiny)[..., None]
        # The other class is where normal · (z' − z) ≤ offset; a plane of zeros is none.
        offset = (normal * (point - z)).sum(dim=2) - margin / slope
        normals = torch.where(active[..., None, None], _newest(normals, normal), normals)
        offsets = torch.where(active[..., None], _newest(offsets, offset), offsets)
        goal = _nearest_beyond(normals, offsets)
        # Planes that leave no room belong to different kinks; a plane that z lies beyond gives no direction.
        apart = (goal.norm(dim=2) > distance) | (offset >= 0)
        goal = torch.where(apart[..., None], offset[..., None] * normal, goal)
        # At a kink that is reached, depth in all planes leads further off than it does at one plane.
        overshoot = torch.where(margin < 0, overshoot / 2, (2 * overshoot).clamp(max=OVERSHOOT))
        deeper = _nearest_beyond(normals, offsets - (overshoot * distance)[..., None])
        step = z + torch.where(apart[..., None], (1 + OVERSHOOT) * goal, deeper) - point
        close = (goal.norm(dim=2) - distance).abs() <= NEAR_MODEL * distance
        arrived |= active & close & ((z + goal - best.point).norm(dim=2) <= NEAR_GOAL * distance)
        active = active & ~arrived
        step *= (distance / 2 / step.norm(dim=2)).clamp(max=1.0)[..., None]
        point = torch.where(active[..., None], point + step, point)
        active &= ~_repeated(search, point, active) & ((point - z).norm(dim=2) <= reach)
    return _nearer(search, best, _Ends(point, search.differ(point, active))), arrived


def _newest(kept: Tensor, new: Tensor) -> Tensor:
    """(count, points, planes, ...): the new one first, the oldest dropped."""
    return torch.cat([new[:, :, None], kept[:, :, :-1]], dim=2)


def _nearest_beyond(normals: Tensor, offsets: Tensor) -> Tensor:
    """(count, points, dim(z)): the point y nearest to 0 with normal · y ≤ offset for all planes; roughly.

    Where there is no such point it is a far one.
    """
    products = normals @ normals.transpose(2, 3)
    weights = torch.zeros_like(offsets)
    for _ in range(CYCLES):
        for k in range(offsets.shape[2]):
            others = (products[:, :, k] * weights).sum(dim=2) - weights[..., k] * products[:, :, k, k]
            weights[..., k] = (-offsets[..., k] - others).clamp(min=0) * (products[:, :, k, k] > 0)
    return -(weights[..., None] * normals).sum(dim=2)


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
