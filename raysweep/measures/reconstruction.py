"""How well each image is reached: encoded and decoded, or found by inverting the generator."""

from dataclasses import dataclass

import torch
from torch import Tensor

from raysweep.data.images import to_bytes
from raysweep.inversion import invert, project, radius
from raysweep.measures.context import Columns, MeasureContext
from raysweep.measures.streams import normal_each, shuffled
from raysweep.study.measures import ProjectedAdam, Reconstruction, Shard


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
    """Indices of the shard's images, and the images: those of a split, the same for all trials, or generated ones."""
    if shard.part == "generated":
        items = list(range(shard.start, shard.stop))
        return items, _generated(items, settings.solver, context)
    split = context.data.train if shard.part == "train" else context.data.validation
    chosen = shuffled(len(split), "reconstruction", settings.name, shard.part)[shard.start : shard.stop]
    return chosen.tolist(), split.batch(chosen, context.device)[0]


def _generated(items: list[int], solver: ProjectedAdam, context: MeasureContext) -> Tensor:
    """Images of feasible latents, which an inversion could reach with no error."""
    z = normal_each(items, (context.latent_dim,), context.device, context.trial.seed, "generated")
    with torch.no_grad():
        return context.learner.generate(project(z, radius(solver.feasible, context.latent_dim)))


def _encode(originals: Tensor, context: MeasureContext) -> _Found:
    with torch.no_grad():
        z = context.learner.encode(originals)
    return _Found(z, "encode", ["encoded"] * len(z), [1] * len(z))


def _invert(
    solver: ProjectedAdam, shard: Shard, image: list[int], originals: Tensor, context: MeasureContext
) -> _Found:
    starts = _starts(solver, shard, image, context)
    inversion = invert(context.learner.generate, originals, starts, solver)
    return _Found(inversion.z, solver.model_dump_json(), list(inversion.status), inversion.passes.tolist())


def _starts(solver: ProjectedAdam, shard: Shard, image: list[int], context: MeasureContext) -> Tensor:
    """(restarts, count, dim(z)): each image has a stream of its own, so it does not matter how shards are cut."""
    shape = (solver.restarts, context.latent_dim)
    if solver.start == "zero":
        return torch.zeros(solver.restarts, len(image), context.latent_dim, device=context.device)
    return normal_each(image, shape, context.device, context.trial.seed, "start", shard.part).transpose(0, 1)


def _pixels(images: Tensor, kept: list[bool]) -> list[bytes | None]:
    """The bytes of the images that are kept, None for the others."""
    bytes_ = to_bytes(images)
    return [image.tobytes() if keep else None for image, keep in zip(bytes_, kept, strict=True)]
