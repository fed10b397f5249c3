"""How well each image is reached: encoded and decoded, or found by inverting the generator."""

from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

from raysweep.data.images import to_bytes
from raysweep.inversion import Inverter, project, radius
from raysweep.measures.context import Columns, MeasureContext
from raysweep.measures.streams import normal_each, shuffled
from raysweep.models.learner import Learner
from raysweep.study.measures import Reconstruction, Shard
from raysweep.study.solvers import AnySolver, Solver


@dataclass(frozen=True)
class _Found:
    """The latents found for the images of a shard, and what that took."""

    z: Tensor
    solver: str
    status: list[str]
    passes: list[int]


def run(settings: Reconstruction, shard: Shard, context: MeasureContext) -> Columns:
    """One row an image. The shard is one batch of the solver, so its size also bounds the memory."""
    image, originals = _targets(settings, shard, context)
    if context.trial.model.has_encoder:
        found = _encode(originals, context)
    else:
        found = _invert(settings.solver, shard, image, originals, context)
    with torch.no_grad():
        reconstructions = context.learner.generate(found.z)
    error = (reconstructions - originals).square().flatten(1).mean(dim=1)
    kept = [place < settings.keep for place in range(shard.start, shard.stop)]
    return {
        "part": [shard.part] * len(image),
        "image": image,
        "mse": error.tolist(),
        "z_norm": found.z.norm(dim=1).tolist(),
        "solver": [found.solver] * len(image),
        "status": found.status,
        "passes": found.passes,
        "original": _pixels(originals, kept),
        "reconstruction": _pixels(reconstructions, kept),
    }


def _targets(settings: Reconstruction, shard: Shard, context: MeasureContext) -> tuple[list[int], Tensor]:
    """Indices of the shard's images, and the images: of a split, the same for all trials and measures, or generated."""
    if shard.part == "generated":
        items = list(range(shard.start, shard.stop))
        return items, _generated(items, settings.solver, context)
    split = context.data.train if shard.part == "train" else context.data.validation
    chosen = shuffled(len(split), "reconstruction", shard.part)[shard.start : shard.stop]
    return chosen.tolist(), split.batch(chosen, context.device)[0]


def _generated(items: list[int], solver: AnySolver, context: MeasureContext) -> Tensor:
    """Images of feasible latents, which an inversion could reach with no error."""
    z = normal_each(items, (context.latent_dim,), context.device, context.trial.seed, "generated")
    with torch.no_grad():
        return context.learner.generate(project(z, radius(solver.feasible, context.latent_dim)))


def _encode(originals: Tensor, context: MeasureContext) -> _Found:
    with torch.no_grad():
        z = context.learner.encode(originals)
    return _Found(z, "encode", ["encoded"] * len(z), [1] * len(z))


def _invert(solver: AnySolver, shard: Shard, image: list[int], originals: Tensor, context: MeasureContext) -> _Found:
    inverter = _inverter(context.learner, context.latent_dim, solver.at(context.latent_dim), context.trial.seed)
    inversion = inverter.invert(originals, _starts(inverter.solver, shard, image, context))
    return _Found(inversion.z, inverter.solver.model_dump_json(), list(inversion.status), inversion.passes.tolist())


@lru_cache(maxsize=1)
def _inverter(learner: Learner, latent_dim: int, solver: Solver, seed: int) -> Inverter:
    """Kept between the shards of a trial: the rewritten generator and the bank serve them all."""
    generator = learner.generate if learner.generator is None else learner.generator
    return Inverter(generator, latent_dim, solver, seed)


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
