"""Inversion by Levenberg-Marquardt with the exact Jacobian, the feasible set inside each step."""

import warnings
from dataclasses import dataclass
from functools import cache

import torch
from torch import Tensor

from raysweep.inversion.batch import Outcome, Searches, in_chunks, smallest_errors
from raysweep.inversion.feasible import FeasibleSet, feasible_set
from raysweep.inversion.problem import Generate, Inversion, squared_error
from raysweep.inversion.shared import NOTHING, Shared
from raysweep.study.solvers import LevenbergMarquardt

FIRST_DAMPING = 1e-3
"""The first damping, as a share of the largest diagonal entry of JᵀJ: Nielsen's τ."""
GAIN = 1e-4
"""A step that lowers the error by less than this share of it is a small one; two in a row end the search."""
REFUSALS = 8
"""After so many refused steps in a row the damping has grown 2³⁶-fold, and no step at all would be taken."""
NEWTON_STEPS = 12
"""Newton steps for the boundary's multiplier; they converge quadratically and from one side."""
COLUMNS = 2_000
"""Columns of Jacobians that are computed at once: bounds the memory."""


def invert(
    generate: Generate, targets: Tensor, starts: Tensor, settings: LevenbergMarquardt, shared: Shared = NOTHING
) -> Inversion:
    """The feasible latents whose images come nearest to `targets`, searched from every start; the best is kept.

    A step from z minimises ‖r + Js‖² + μ‖s‖² over feasible z + s, with residual r = g(z) − x and Jacobian J. It is
    taken if it lowers the error; Nielsen's rule sets μ by how well the error was predicted. All searches run side
    by side, each with its own μ. Only the `finalists` starts whose images are nearest are searched from. A search has

    - converged: two steps in a row each gained less than `GAIN`, or the image is met up to rounding;
    - stalled: `REFUSALS` steps in a row were refused, though they promised a gain;
    - spent its budget: after `steps` steps.

    A forward pass is counted as one pass, and so is each column of a Jacobian; the Jacobian's own forward pass too.

    Source: Nielsen (1999), "Damping parameter in Marquardt's method", Section 2; Moré and Sorensen (1983), Section 3.

    Args:
        generate: must be differentiable in forward mode (`torch.func.jvp`), which the usual layers are.
        targets: (count, ...).
        starts: (starts, count, dim(z)).
        settings: steps and the feasible set.
        shared: the centre of the generator's images is used.
    """
    feasible = feasible_set(settings.feasible, starts.shape[-1])
    searches, outcome = _begin(generate, targets, starts, feasible, shared)
    searches = searches.only(searches.error.isfinite())
    outcome.record(searches, "budget spent")
    searches = searches.only(outcome.choose(len(starts), settings.finalists)[searches.number])
    for _ in range(settings.steps):
        searches = _linearised(generate, searches)
        searches = _stepped(generate, searches, feasible)
        searches = _without_ended(searches, outcome)
        if not len(searches):
            break
    outcome.record(searches, "budget spent")
    return outcome.best(len(starts))


@dataclass
class _Search(Searches):
    curvature: Tensor
    """Eigenvalues of JᵀJ, (searches, dim(z)), in float64 as all that follows from J."""
    axes: Tensor
    """Eigenvectors of JᵀJ, as columns."""
    slope: Tensor
    """Jᵀr in the eigenvectors' coordinates."""
    moved: Tensor
    """Whether z moved since J was computed."""
    damping: Tensor
    growth: Tensor
    """What multiplies the damping when a step is refused: Nielsen's ν."""
    refused: Tensor
    """Steps refused in a row."""
    small: Tensor
    """Steps with a small gain in a row."""
    promise: Tensor
    """What the last step was predicted to gain."""


def _begin(
    generate: Generate, targets: Tensor, starts: Tensor, feasible: FeasibleSet, shared: Shared
) -> tuple[_Search, Outcome]:
    count, dim = starts.shape[0] * starts.shape[1], starts.shape[2]
    z = feasible.project(starts.flatten(0, 1))
    target = targets.repeat(len(starts), *[1] * (targets.dim() - 1))
    with torch.no_grad():
        (error,) = in_chunks(lambda z, x: (squared_error(generate(z), x),), COLUMNS, z, target)
    ones = torch.ones(count, dtype=torch.float64, device=z.device)
    zeros = torch.zeros(count, dtype=torch.int64, device=z.device)
    searches = _Search(
        number=torch.arange(count, device=z.device),
        target=target,
        enough=smallest_errors(target, shared.centre),
        z=z,
        error=error,
        passes=zeros + 1,
        curvature=z.new_zeros(count, dim, dtype=torch.float64),
        axes=z.new_zeros(count, dim, dim, dtype=torch.float64),
        slope=z.new_zeros(count, dim, dtype=torch.float64),
        moved=torch.ones(count, dtype=torch.bool, device=z.device),
        damping=-ones,
        growth=2 * ones,
        refused=zeros,
        small=zeros,
        promise=ones,
    )
    return searches, Outcome(z, error)


def _linearised(generate: Generate, searches: _Search) -> _Search:
    """With JᵀJ and Jᵀr computed anew where z moved."""
    moved = searches.moved
    if not bool(moved.any()):
        return searches
    dim = searches.z.shape[1]
    gram, slope = in_chunks(
        lambda z, x: _normal_equations(generate, z, x),
        max(1, COLUMNS // dim),
        searches.z[moved],
        searches.target[moved],
    )
    # Where the generator has no derivative there is no step to take; `eigh` would refuse all searches for one.
    sound = gram.isfinite().all(dim=(1, 2)) & slope.isfinite().all(dim=1)
    gram = torch.where(sound[:, None, None], gram, torch.eye(dim, dtype=gram.dtype, device=gram.device))
    slope = torch.where(sound[:, None], slope, 0.0)
    curvature, axes = torch.linalg.eigh(gram)
    searches.curvature[moved] = curvature.clamp(min=0)
    searches.axes[moved] = axes
    searches.slope[moved] = (axes.mT @ slope[:, :, None])[:, :, 0]
    first = searches.damping < 0
    largest = torch.diagonal(gram, dim1=1, dim2=2).amax(dim=1)
    start = torch.zeros_like(searches.damping)
    start[moved] = FIRST_DAMPING * largest.clamp(min=torch.finfo(torch.float32).tiny)
    searches.damping = torch.where(first, start, searches.damping)
    searches.passes = searches.passes + (dim + 1) * moved
    return searches


def jacobian(generate: Generate, z: Tensor) -> tuple[Tensor, Tensor]:
    """Images (count, pixels) and their Jacobians (count, dim(z), pixels), in forward mode: one pass a column."""

    def column(direction: Tensor) -> tuple[Tensor, Tensor]:
        images_and_tangents = torch.func.jvp(lambda z: generate(z).flatten(1), (z,), (direction.expand_as(z),))
        return images_and_tangents[0], images_and_tangents[1]

    _load_forward_mode()
    basis = torch.eye(z.shape[1], dtype=z.dtype, device=z.device)[:, None, :]
    with torch.no_grad():
        images, columns = torch.func.vmap(column, out_dims=(None, 0))(basis)  # type: ignore[arg-type] # None: the same for all
    return images, columns.transpose(0, 1)


@cache
def _load_forward_mode() -> None:
    """PyTorch 2.11 and later warn about their own use of TorchScript when forward mode is used first."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        torch.func.jvp(torch.sin, (torch.zeros(1),), (torch.ones(1),))


def _normal_equations(generate: Generate, z: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    images, columns = jacobian(generate, z)
    residual = images - target.flatten(1)
    return (columns @ columns.mT).double(), (columns @ residual[:, :, None])[:, :, 0].double()


def _stepped(generate: Generate, searches: _Search, feasible: FeasibleSet) -> _Search:
    """With the step of each search tried, and taken where it lowers the error."""
    coordinates = (searches.axes.mT @ searches.z.double()[:, :, None])[:, :, 0]
    goal = nearest_feasible(
        searches.curvature + searches.damping[:, None],
        (searches.curvature + searches.damping[:, None]) * coordinates - searches.slope,
        feasible,
    )
    step = goal - coordinates
    promise = -(2 * searches.slope + searches.curvature * step).mul(step).sum(dim=1)
    trial = feasible.project((searches.axes @ goal[:, :, None])[:, :, 0].to(searches.z.dtype))
    with torch.no_grad():
        (error,) = in_chunks(lambda z, x: (squared_error(generate(z), x),), COLUMNS, trial, searches.target)
    gain = (searches.error - error).double()
    taken = gain > 0
    ratio = gain / promise.clamp(min=torch.finfo(torch.float64).tiny)
    easier = (1 - (2 * ratio.clamp(0, 1) - 1) ** 3).clamp(min=1 / 3)
    searches.damping = searches.damping * torch.where(taken, easier, searches.growth)
    searches.growth = torch.where(taken, torch.full_like(searches.growth, 2.0), 2 * searches.growth)
    searches.refused = torch.where(taken, torch.zeros_like(searches.refused), searches.refused + 1)
    little = gain < GAIN * searches.error
    searches.small = torch.where(taken, torch.where(little, searches.small + 1, 0), searches.small)
    searches.z = torch.where(taken[:, None], trial, searches.z)
    searches.error = torch.where(taken, error, searches.error)
    searches.moved = taken
    searches.promise = promise
    searches.passes = searches.passes + 1
    return searches


def nearest_feasible(curvature: Tensor, right: Tensor, feasible: FeasibleSet) -> Tensor:
    """Argmin ½ wᵀCw − wᵀb over a ball or shell, for diagonal positive C (searches, dim) and b: w = b / (C + λ).

    λ = 0 where that is feasible. Else ‖w(λ)‖ is the outer radius, with λ > 0; or the inner one, with 0 > λ > −min C,
    which is the global minimum although a shell is not convex. Solved by Newton's method on 1/‖w‖, nearly linear in λ
    and concave: from the left, where w is too long, it converges without overshooting. For the inner radius that is
    where the component of the least C alone is as long as the radius.

    Source: Moré and Sorensen (1983), Eq. 3 and Section 3.
    """
    inside = (right / curvature).norm(dim=1, keepdim=True) < feasible.inner
    length = torch.where(inside, feasible.inner, feasible.outer)
    least, axis = curvature.min(dim=1, keepdim=True)
    # Short of −min C, where w would be infinite, also if b has no component there.
    pole = right.gather(1, axis).abs() / max(feasible.inner, 1e-300) - (1 - 1e-12) * least
    multiplier = torch.where(inside, pole, 0.0)
    for _ in range(NEWTON_STEPS):
        w = right / (curvature + multiplier)
        norm = w.norm(dim=1, keepdim=True)
        falls = (w.square() / (curvature + multiplier)).sum(dim=1, keepdim=True).clamp(min=1e-300)
        update = norm.square() / falls * (norm / length - 1)
        multiplier = torch.where(norm > length, multiplier + update, multiplier)
    return right / (curvature + multiplier)


def _without_ended(searches: _Search, outcome: Outcome) -> _Search:
    """Those that go on; the others' results go to `outcome`."""
    met = searches.error <= searches.enough
    refused = searches.refused >= REFUSALS
    pointless = searches.promise <= GAIN * searches.error
    converged = met | (searches.small >= 2) | (refused & pointless)
    stalled = refused & ~converged
    outcome.record(searches.only(converged), "converged")
    outcome.record(searches.only(stalled), "stalled")
    return searches.only(~(converged | stalled))
