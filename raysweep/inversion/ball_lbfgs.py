"""Inversion by L-BFGS on the ball, all images side by side, each with its own step length."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.linalg import vecdot

from raysweep.inversion.batch import Outcome, Searches, in_chunks, smallest_errors
from raysweep.inversion.feasible import FeasibleSet, feasible_set
from raysweep.inversion.problem import Generate, Inversion, squared_error
from raysweep.inversion.shared import NOTHING, Shared
from raysweep.study.solvers import BallLbfgs

ARMIJO = 1e-4
"""A step must lower the error by this share of what the gradient promises."""
FIRST_STEP = 0.1
"""Length of the first step, and of steps without memory, as a share of the ball's radius."""
SHRINK = 0.4
"""What a refused step is multiplied by."""
FORGET = 6
"""Refused steps in a row after which the memory is dropped."""
REFUSALS = 12
"""Refused steps in a row, the latter half of them straight downhill or along a kink, after which a search ends."""
WINDOW = 20
"""Taken steps over which the gain is measured."""
GAIN = 1e-3
"""A search has converged when the last `WINDOW` taken steps lowered its error by less than this share."""
CURVATURE = 1e-10
"""A pair (s, y) is remembered if sᵀy exceeds this share of ‖s‖‖y‖: L-BFGS needs a positive curvature."""
CHUNK = 1_000
"""Images of one pass: bounds the memory."""
DAMPING = 0.1
"""λ of the first Hessian, as a share of the mean eigenvalue of C."""


def inverse_hessian(generate: Generate, z: Tensor, stream: torch.Generator) -> Tensor:
    """H₀ = (2C + 2λI)⁻¹ with C = E[JᵀJ] over the prior samples z (count, dim(z)): (dim(z), dim(z)).

    2JᵀJ is the Hessian of ‖g(z) − x‖² but for a part that vanishes with the error. Random signs ε, one for each pixel
    value, give Jᵀε by one backward pass, and E[Jᵀε εᵀJ] = JᵀJ: so each sample costs two passes, whatever dim(z), and
    no forward mode is needed. `stream` draws the signs, on the CPU.

    Source: Hutchinson (1990) for the random signs; Nocedal and Wright (2006), Section 10.3, for JᵀJ.
    """

    def probe(z: Tensor) -> tuple[Tensor]:
        z = z.detach().requires_grad_()
        with torch.enable_grad():
            images = generate(z)
            signs = 2 * torch.randint(0, 2, images.shape, generator=stream).to(images) - 1
            (gradient,) = torch.autograd.grad((signs * images).sum(), z)
        return (gradient,)

    (probes,) = in_chunks(probe, CHUNK, z)
    probes = probes[probes.isfinite().all(dim=1)]
    curvature = (probes.T @ probes / max(len(probes), 1)).double().cpu()
    identity = torch.eye(len(curvature), dtype=torch.float64)
    # Where the images do not depend on z at all, the identity serves.
    damping = DAMPING * curvature.trace() / len(curvature) or 1.0
    inverse: Tensor = torch.linalg.inv(2 * (curvature + damping * identity))
    return inverse.to(z)


def invert(
    generate: Generate, targets: Tensor, starts: Tensor, settings: BallLbfgs, shared: Shared = NOTHING
) -> Inversion:
    """The feasible latents whose images come nearest to `targets`, searched from every start; the best is kept.

    L-BFGS starts its recursion from H₀, the shared inverse Hessian (see `inverse_hessian`) or else the identity. It is
    scaled to agree with the newest pair.

    Where z lies on a boundary of the feasible set and descent would leave it, the gradient loses its part along z, and
    those gradients make the memory's pairs; the direction loses that part too, which H₀ would bring back. Every step is
    projected to the set. In each pass of the generator every search tries one step: one that fails Armijo's test
    shrinks its own step and tries again in the next pass, while the others go on; after `FORGET` of these it goes
    straight downhill, then along the kink that refuses this. After `scout_steps` steps only the `finalists` best
    searches of each image go on. A search has

    - converged: its last `WINDOW` taken steps gained less than `GAIN` together, or the image is met up to rounding; or
      none of `REFUSALS` lengths was taken, and the last step that was taken gained less than `GAIN`, or the gradient
      promises no more for a first step;
    - stalled: none of `REFUSALS` lengths was taken otherwise: at a kink far from flat;
    - spent its budget: after `steps` steps, refused ones included.

    A step costs two passes, forward and backward.

    Source: Nocedal and Wright (2006), Algorithms 7.4 and 3.1; Bertsekas (1976) for the projected step;
    Wolfe (1975) for kinks.
    """
    feasible, first = feasible_set(settings.feasible, starts.shape[-1]), shared.inverse_hessian
    searches, outcome = _begin(generate, targets, starts, feasible, settings.memory, shared)
    searches = searches.only(searches.error.isfinite())
    if first is not None:
        _turn(searches, torch.ones_like(searches.refused, dtype=torch.bool), feasible, first, 0)
    for step in range(settings.steps):
        if step == settings.scout_steps > 0:
            outcome.record(searches, "budget spent")
            searches = searches.only(outcome.choose(len(starts), settings.finalists)[searches.number])
        if not len(searches):
            break
        _step(generate, searches, feasible, first, step % settings.memory)
        searches = _without_ended(searches, outcome, feasible)
    outcome.record(searches, "budget spent")
    return outcome.best(len(starts))


@dataclass
class _Search(Searches):
    gradient: Tensor
    """The projected gradient at `z`."""
    bound: Tensor
    """Whether that gradient lost its part along `z`."""
    direction: Tensor
    length: Tensor
    """What the direction is multiplied by in the next step."""
    steps: Tensor
    """The memory's differences of latents: (searches, memory, dim(z))."""
    changes: Tensor
    """The memory's differences of gradients."""
    scales: Tensor
    """1 / sᵀy of the memory's pairs; 0 where a slot holds none."""
    scaling: Tensor
    """What H₀ is multiplied by, sᵀy / yᵀH₀y of the newest pair; 0 where there is none."""
    refused: Tensor
    """Steps refused in a row."""
    history: Tensor
    """Errors after the last `WINDOW` taken steps, the newest first: (searches, WINDOW); infinite before."""


def _error_and_gradient(generate: Generate, z: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    def part(z: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        z = z.detach().requires_grad_()
        with torch.enable_grad():
            error = squared_error(generate(z), target)
            (gradient,) = torch.autograd.grad(error.sum(), z)
        return error.detach(), gradient

    error, gradient = in_chunks(part, CHUNK, z, target)
    return error, gradient


def _begin(
    generate: Generate, targets: Tensor, starts: Tensor, feasible: FeasibleSet, memory: int, shared: Shared
) -> tuple[_Search, Outcome]:
    count, dim = starts.shape[0] * starts.shape[1], starts.shape[2]
    z = feasible.project(starts.flatten(0, 1))
    target = targets.repeat(len(starts), *[1] * (targets.dim() - 1))
    error, gradient = _error_and_gradient(generate, z, target)
    gradient, bound = _projected(gradient, z, feasible)
    zeros = torch.zeros(count, dtype=torch.int64, device=z.device)
    pairs = torch.zeros(2, count, memory, dim, dtype=z.dtype, device=z.device)
    searches = _Search(
        number=torch.arange(count, device=z.device),
        target=target,
        enough=smallest_errors(target, shared.centre),
        z=z,
        error=error,
        passes=zeros + 2,
        gradient=gradient,
        bound=bound,
        direction=-gradient,
        length=_first_length(gradient, feasible),
        steps=pairs[0],
        changes=pairs[1],
        scales=torch.zeros_like(pairs[0, :, :, 0]),
        scaling=torch.zeros_like(error),
        refused=zeros,
        history=torch.full((count, WINDOW), torch.inf, dtype=z.dtype, device=z.device),
    )
    return searches, Outcome(z, error)


def _projected(gradient: Tensor, z: Tensor, feasible: FeasibleSet) -> tuple[Tensor, Tensor]:
    projected = feasible.projected_gradient(z, gradient)
    return projected, (projected != gradient).any(dim=1)


def _reach(feasible: FeasibleSet, dim: int) -> float:
    """The radius of the feasible set; where it has none, that of the prior's typical latents."""
    return feasible.outer if math.isfinite(feasible.outer) else math.sqrt(dim)


def _first_length(gradient: Tensor, feasible: FeasibleSet) -> Tensor:
    slope = gradient.norm(dim=1).clamp(min=torch.finfo(gradient.dtype).tiny)
    length: Tensor = FIRST_STEP * _reach(feasible, gradient.shape[1]) / slope
    return length


def _step(generate: Generate, searches: _Search, feasible: FeasibleSet, first: Tensor | None, slot: int) -> None:
    """Tries the next step of each search, and takes it where it passes Armijo's test."""
    trial = feasible.project(searches.z + searches.length[:, None] * searches.direction)
    error, gradient = _error_and_gradient(generate, trial, searches.target)
    gradient, bound = _projected(gradient, trial, feasible)
    step = trial - searches.z
    promise = vecdot(searches.gradient, step)
    taken = (error < searches.error) & (error <= searches.error + ARMIJO * promise)
    searches.passes = searches.passes + 2
    searches.refused = torch.where(taken, 0, searches.refused + 1)
    searches.length = searches.length * SHRINK
    _remember(searches, step, gradient - searches.gradient, taken, first, slot)
    searches.z = torch.where(taken[:, None], trial, searches.z)
    searches.error = torch.where(taken, error, searches.error)
    searches.gradient = torch.where(taken[:, None], gradient, searches.gradient)
    searches.bound = torch.where(taken, bound, searches.bound)
    older = torch.cat([searches.error[:, None], searches.history[:, :-1]], dim=1)
    searches.history = torch.where(taken[:, None], older, searches.history)
    forgets = searches.refused == FORGET
    searches.scales = torch.where(forgets[:, None], 0, searches.scales)
    searches.scaling = torch.where(forgets, 0, searches.scaling)
    _turn(searches, taken | forgets, feasible, first, slot)
    _bend(searches, gradient, feasible)


def _bend(searches: _Search, gradient: Tensor, feasible: FeasibleSet) -> None:
    """Where steps straight downhill are refused far from a minimum, turns them along the kink between z and the trial.

    On either side of it the error falls towards it. Minus the shortest vector between the gradient that the last
    direction came from and the trial's goes down on both. The first such step is as long as steps without memory.

    Source: Wolfe (1975), "A method of conjugate subgradients for minimizing nondifferentiable functions".
    """
    kinked = (searches.refused > FORGET) & ~_near_minimum(searches, feasible) & gradient.isfinite().all(dim=1)
    if not bool(kinked.any()):
        return
    ahead = -searches.direction
    difference = ahead - gradient
    tiny = torch.finfo(gradient.dtype).tiny
    share = (vecdot(ahead, difference) / difference.square().sum(dim=1).clamp(min=tiny)).clamp(0, 1)
    searches.direction = torch.where(kinked[:, None], share[:, None] * difference - ahead, searches.direction)
    turned = kinked & (searches.refused == FORGET + 1)
    searches.length = torch.where(turned, _first_length(searches.direction, feasible), searches.length)


def _remember(searches: _Search, step: Tensor, change: Tensor, taken: Tensor, first: Tensor | None, slot: int) -> None:
    """Puts the pairs of taken steps into a slot of the memory, if their curvature is positive.

    That slot holds the oldest pair, those before it the newer ones. Where no pair is added, all move on by a slot.
    """
    product = vecdot(step, change)
    kept = taken & (product > CURVATURE * step.norm(dim=1) * change.norm(dim=1))
    for memory, newest in ((searches.steps, step), (searches.changes, change), (searches.scales, 1 / product)):
        memory[~kept] = memory[~kept].roll(1, dims=1)
        memory[kept, slot] = newest[kept]
    curvature = vecdot(change, _preconditioned(change, first))
    searches.scaling = torch.where(kept, product / curvature, searches.scaling)


def _preconditioned(vector: Tensor, first: Tensor | None) -> Tensor:
    """H₀ times each row."""
    return vector if first is None else vector @ first


def _turn(searches: _Search, turns: Tensor, feasible: FeasibleSet, first: Tensor | None, newest: int) -> None:
    """New directions, with full steps, for those searches that moved or lost their memory."""
    direction = -_two_loops(searches, first, newest)
    radial = torch.nn.functional.normalize(searches.z, dim=1)
    along = vecdot(direction, radial) * searches.bound
    direction = torch.addcmul(direction, along[:, None], radial, value=-1)
    slope = vecdot(direction, searches.gradient)
    size = direction.norm(dim=1).clamp(min=torch.finfo(direction.dtype).tiny)
    # Rounding can spoil a direction; steepest descent is always one.
    downhill = slope < -1e-6 * size * searches.gradient.norm(dim=1)
    informed = searches.scaling > 0 if first is None else searches.refused < FORGET
    newton = turns & downhill & informed
    full = (_reach(feasible, direction.shape[1]) / size).clamp(max=1.0)
    length = torch.where(newton, full, _first_length(searches.gradient, feasible))
    direction = torch.where(newton[:, None], direction, -searches.gradient)
    searches.direction = torch.where(turns[:, None], direction, searches.direction)
    searches.length = torch.where(turns, length, searches.length)


def _two_loops(searches: _Search, first: Tensor | None, newest: int) -> Tensor:
    """The inverse Hessian that the memory's pairs imply, times the gradient.

    Source: Nocedal and Wright (2006), Algorithm 7.4, with the scaling of Eq. 7.20: sᵀy / yᵀH₀y.
    """
    memory = searches.steps.shape[1]
    slots = [(newest - age) % memory for age in range(memory)]
    result = searches.gradient
    weights = []
    for k in slots:
        weight = (searches.scales[:, k] * vecdot(searches.steps[:, k], result))[:, None]
        result = torch.addcmul(result, weight, searches.changes[:, k], value=-1)
        weights.append(weight)
    scaling = torch.where(searches.scaling > 0, searches.scaling, 1)
    result = scaling[:, None] * _preconditioned(result, first)
    for k, weight in zip(reversed(slots), reversed(weights), strict=True):
        correction = (searches.scales[:, k] * vecdot(searches.changes[:, k], result))[:, None]
        result = torch.addcmul(result, weight - correction, searches.steps[:, k])
    return result


def _without_ended(searches: _Search, outcome: Outcome, feasible: FeasibleSet) -> _Search:
    """Those that go on; the others' results go to `outcome`."""
    met = searches.error <= searches.enough
    flat = searches.error >= (1 - GAIN) * searches.history[:, -1]
    refused = searches.refused >= REFUSALS
    level = (searches.gradient == 0).all(dim=1)
    converged = met | flat | level | (refused & _near_minimum(searches, feasible))
    stalled = refused & ~converged
    if not bool((converged | stalled).any()):
        return searches
    outcome.record(searches.only(converged), "converged")
    outcome.record(searches.only(stalled), "stalled")
    return searches.only(~(converged | stalled))


def _near_minimum(searches: _Search, feasible: FeasibleSet) -> Tensor:
    """Whether the last step taken gained less than `GAIN`, or the gradient promises no more for a first one."""
    slope = searches.gradient.norm(dim=1)
    level: Tensor = FIRST_STEP * _reach(feasible, searches.z.shape[1]) * slope <= GAIN * searches.error
    slowed = searches.error >= (1 - GAIN) * searches.history[:, 1]
    return level | slowed
