"""How well a model reconstructs each image: by encoding and decoding, or by inverting the generator."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor, nn

from raysweep.data.images import Images, to_bytes
from raysweep.inversion import Inverter, feasible_set
from raysweep.inversion.budget import raise_budget
from raysweep.inversion.problem import Generate
from raysweep.measures.context import Columns, MeasureContext
from raysweep.measures.streams import normal_each, shuffled
from raysweep.measures.targets import generated, targets
from raysweep.models.learner import Learner
from raysweep.study.measures import Shard
from raysweep.study.measures.reconstruction import CALIBRATION, CODES, RECOVERED, SIGNAL_IMAGES, Reconstruction
from raysweep.study.solvers import BankedSolver, Feasible, Solver

ENCODED_AT_ONCE = 500
"""Images that are encoded together for whitening."""


@dataclass(frozen=True)
class _Found:
    """The latents found for the images of a shard, and the passes that it took."""

    z: Tensor
    """(count, dim(z)): latents of the generator or decoder."""
    norm: Tensor
    """(count,): their norms, or those of the whitened latents that were searched."""
    solver: str
    status: list[str]
    passes: list[int]
    repeated_mse: list[float | None]


@dataclass(frozen=True)
class _Problem:
    """A generator or decoder to invert, identified by the settings and model that it is made from."""

    learner: Learner
    latent_dim: int
    solver: Solver
    feasible: Feasible
    seed: int
    whitened: bool
    recover: float | None
    doublings: int
    train: Images = field(compare=False)
    """Training images, for whitening and the signal. They belong to the learner, so equality ignores them."""


def run(settings: Reconstruction, shard: Shard, context: MeasureContext) -> Columns:
    """One row an image. A shard is one batch of the solver, so its size also bounds the memory."""
    problem = _problem(settings, context)
    image, originals = targets(settings, shard, context, _latents(problem))
    if settings.inverts(context.trial.model):
        found = _invert(settings, shard, image, originals, context)
    else:
        found = _encode(originals, context)
    with torch.no_grad():
        reconstructions = context.learner.generate(found.z)
    kept = [place < settings.keep for place in range(shard.start, shard.stop)]
    return {
        "part": [shard.part] * len(image),
        "image": image,
        "mse": _mse(reconstructions, originals),
        "signal": [_signal(problem)] * len(image),
        "repeated_mse": found.repeated_mse,
        "z_norm": found.norm.tolist(),
        "solver": [found.solver] * len(image),
        "status": found.status,
        "passes": found.passes,
        "z": found.z.tolist() if settings.latents else [None] * len(image),
        "original": _pixels(originals, kept),
        "reconstruction": _pixels(reconstructions, kept),
    }


def _problem(settings: Reconstruction, context: MeasureContext) -> _Problem:
    return _Problem(
        context.learner,
        context.latent_dim,
        settings.solver.at(context.latent_dim),
        settings.solver.feasible,
        context.trial.seed,
        settings.whitens(context.trial.model),
        settings.recover,
        settings.doublings,
        context.data.train,
    )


def _latents(problem: _Problem) -> Callable[[Tensor], Tensor]:
    """Maps the latents that are searched to those of the generator or decoder."""
    return _whitening(problem) if problem.whitened else lambda z: z


def _encode(originals: Tensor, context: MeasureContext) -> _Found:
    with torch.no_grad():
        z = context.learner.encode(originals)
    return _Found(z, z.norm(dim=1), "encode", ["encoded"] * len(z), [1] * len(z), [None] * len(z))


def _invert(
    settings: Reconstruction, shard: Shard, image: list[int], originals: Tensor, context: MeasureContext
) -> _Found:
    problem = _problem(settings, context)
    inverter = _inverter(problem)
    inversion = inverter.invert(originals, _starts(inverter.solver, shard, image, context))
    return _Found(
        _latents(problem)(inversion.z),
        inversion.z.norm(dim=1),
        inverter.solver.model_dump_json(),
        list(inversion.status),
        inversion.passes.tolist(),
        _repeated(settings, shard, image, originals, context),
    )


def _repeated(
    settings: Reconstruction, shard: Shard, image: list[int], originals: Tensor, context: MeasureContext
) -> list[float | None]:
    """The errors from other starts, if inversions are repeated; the streams do not depend on how shards are cut."""
    count = settings.repeated_in(shard)
    if not count:
        return [None] * len(image)
    problem = _problem(settings, context)
    inverter = _inverter(problem)
    solver = inverter.solver
    starts = solver.starts if isinstance(solver, BankedSolver) else max(1, solver.random_starts)
    shape = (starts, problem.latent_dim)
    z = normal_each(image[:count], shape, context.device, problem.seed, "repeated", shard.part).transpose(0, 1)
    feasible = feasible_set(problem.feasible, problem.latent_dim)
    inversion = inverter.invert(originals[:count], feasible.project(z))
    with torch.no_grad():
        images = context.learner.generate(_latents(problem)(inversion.z))
    return [*_mse(images, originals[:count]), *[None] * (len(image) - count)]


def _mse(images: Tensor, originals: Tensor) -> list[float]:
    """Squared error of each image, per pixel value."""
    errors: list[float] = (images - originals).square().flatten(1).mean(dim=1).tolist()
    return errors


@lru_cache(maxsize=1)
def _inverter(problem: _Problem) -> Inverter:
    """The inverter is kept between shards of a trial, which share the rewritten generator, the bank and the budget."""
    inverter = Inverter(_generator(problem), problem.latent_dim, problem.solver, problem.seed)
    if problem.recover is not None:
        images = _calibration(problem)
        error = RECOVERED * _signal(problem) * images[0].numel()
        raise_budget(inverter, images, error=error, share=problem.recover, doublings=problem.doublings)
    return inverter


def _generator(problem: _Problem) -> Generate:
    learner, generator = problem.learner, problem.learner.generator
    if generator is None:
        latents = _latents(problem)
        return lambda z: learner.generate(latents(z))
    return nn.Sequential(_whitening(problem), generator) if problem.whitened else generator


def _calibration(problem: _Problem) -> Tensor:
    """Images generated from feasible latents, for finding the budget only."""
    shape, device = (problem.latent_dim,), problem.learner.device
    u = normal_each(range(CALIBRATION), shape, device, problem.seed, "calibration")
    return generated(problem.learner, _latents(problem), u, problem.feasible)


@lru_cache(maxsize=1)
def _whitening(problem: _Problem) -> nn.Linear:
    """The map u ↦ μ + Σ^½ u, which gives u ~ N(0, I) the mean and covariance of the codes of training images.

    Σ^½ is the symmetric root, computed in float64 on the CPU: alone among the roots it does not depend on how an
    eigenvector's sign came out. Where Σ is singular (fewer codes than dim(z), units that do nothing), what is searched
    is confined to the span of the codes.
    """
    train, device = problem.train, problem.learner.device
    chosen = shuffled(len(train), "whitening")[:CODES]
    parts = [chosen[start : start + ENCODED_AT_ONCE] for start in range(0, len(chosen), ENCODED_AT_ONCE)]
    with torch.no_grad():
        pieces = [problem.learner.encode(train.batch(part, device)[0]).cpu() for part in parts]
    codes = torch.cat(pieces).double()
    values, vectors = torch.linalg.eigh(codes.T.cov().reshape(problem.latent_dim, problem.latent_dim))
    whitening = nn.Linear(problem.latent_dim, problem.latent_dim)
    whitening.weight.data = ((vectors * values.clamp(min=0).sqrt()) @ vectors.T).float()
    whitening.bias.data = codes.mean(dim=0).float()
    return whitening.to(device).requires_grad_(False)


@lru_cache(maxsize=1)
def _signal(problem: _Problem) -> float:
    """Mean over training images and pixel values of (x − x̄)², x̄ their mean image; the same for all trials."""
    some = shuffled(len(problem.train), "signal")[:SIGNAL_IMAGES]
    images = problem.train.batch(some, torch.device("cpu"))[0].numpy()
    return float(images.var(axis=0, dtype=np.float64).mean())


def _starts(solver: Solver, shard: Shard, image: list[int], context: MeasureContext) -> Tensor | None:
    """(random_starts, count, dim(z)): each image has a stream of its own, so it does not matter how shards are cut."""
    if not solver.random_starts:
        return None
    shape = (solver.random_starts, context.latent_dim)
    return normal_each(image, shape, context.device, context.trial.seed, "start", shard.part).transpose(0, 1)


def _pixels(images: Tensor, kept: list[bool]) -> list[bytes | None]:
    """The bytes of the images that are kept, None for the others."""
    bytes_ = to_bytes(images)
    return [image.tobytes() if keep else None for image, keep in zip(bytes_, kept, strict=True)]
