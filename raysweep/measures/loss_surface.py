"""The inversion's loss on a plane through z0 = 0 and z*."""

from dataclasses import dataclass

import torch
from torch import Tensor

from raysweep.inversion import Inverter
from raysweep.measures.context import Columns, MeasureContext
from raysweep.measures.streams import normal_each, shuffled
from raysweep.study.measures import Shard
from raysweep.study.measures.loss_surface import EXTENT, LossSurface

IMAGES_AT_ONCE = 500
"""Images that are generated together: bounds the memory."""


@dataclass(frozen=True)
class _Targets:
    """Images, and the latents z* that make them or come nearest."""

    sample: list[int]
    images: Tensor
    """(count, channels, size, size)."""
    z: Tensor
    """(count, dim(z))."""
    solver: str


def run(settings: LossSurface, shard: Shard, context: MeasureContext) -> Columns:
    """One row a target."""
    targets = _generated(shard, context) if shard.part == "generated" else _inverted(settings, shard, context)
    alpha = targets.z
    beta = paper_direction(alpha) if settings.direction == "paper" else _random_direction(alpha, shard, context)
    plane, line = coordinates(settings.resolution), torch.linspace(0, 1, settings.path, dtype=torch.float64)
    path = torch.stack([line, torch.zeros_like(line)], dim=1)
    count = len(targets.sample)
    return {
        "part": [shard.part] * count,
        "sample": targets.sample,
        "direction": [settings.direction] * count,
        "resolution": [settings.resolution] * count,
        "loss": _losses(plane, alpha, beta, targets.images, context).tolist(),
        "path": _losses(path, alpha, beta, targets.images, context).tolist(),
        "norm": alpha.norm(dim=1).tolist(),
        "solver": [targets.solver] * count,
    }


def coordinates(resolution: int) -> Tensor:
    """(resolution², 2): all (a, b) from −2 to 2, line by line, a running fastest, from b = −2 up."""
    ticks = torch.linspace(-EXTENT, EXTENT, resolution, dtype=torch.float64)
    return torch.cartesian_prod(ticks, ticks).flip(dims=(1,))


def paper_direction(alpha: Tensor) -> Tensor:
    """β of each α (count, dim(z)): β[0] = α[1], β[1] = −α[0], 0 elsewhere, scaled to ‖β‖ = ‖α‖.

    Source: Pinetz, Soukup and Pock (2019), Section 3.
    """
    beta = torch.zeros_like(alpha)
    beta[:, 0], beta[:, 1] = alpha[:, 1], -alpha[:, 0]
    return _as_long_as(beta, alpha)


def orthogonal_direction(alpha: Tensor, noise: Tensor) -> Tensor:
    """`noise` (count, dim(z)) without its part along α, scaled to ‖α‖: of normal noise, uniform over directions."""
    square = alpha.square().sum(dim=1, keepdim=True)
    along = (noise * alpha).sum(dim=1, keepdim=True) / square
    return _as_long_as(noise - along * alpha, alpha)


def _as_long_as(beta: Tensor, alpha: Tensor) -> Tensor:
    scaled: Tensor = beta * (alpha.norm(dim=1, keepdim=True) / beta.norm(dim=1, keepdim=True))
    return scaled


def _random_direction(alpha: Tensor, shard: Shard, context: MeasureContext) -> Tensor:
    places = range(shard.start, shard.stop)
    name = (context.trial.seed, "loss surface direction", shard.part)
    return orthogonal_direction(alpha, normal_each(places, (context.latent_dim,), context.device, *name))


def _generated(shard: Shard, context: MeasureContext) -> _Targets:
    places = range(shard.start, shard.stop)
    z = normal_each(places, (context.latent_dim,), context.device, context.trial.seed, "loss surface")
    with torch.no_grad():
        return _Targets(list(places), context.learner.generate(z), z, "prior sample")


def _inverted(settings: LossSurface, shard: Shard, context: MeasureContext) -> _Targets:
    """The images that reconstruction measures first, too."""
    source = context.data.train if shard.part == "train" else context.data.validation
    indices = shuffled(len(source), "reconstruction", shard.part)[shard.start : shard.stop]
    images, _ = source.batch(indices, context.device)
    generator = context.learner.generator or context.learner.generate
    inverter = Inverter(generator, context.latent_dim, settings.solver, context.trial.seed)
    return _Targets(indices.tolist(), images, inverter.invert(images).z, inverter.solver.model_dump_json())


def _losses(points: Tensor, alpha: Tensor, beta: Tensor, images: Tensor, context: MeasureContext) -> Tensor:
    """l(aα + bβ) at (a, b) of `points` (count, 2), for each target: (targets, count)."""
    return torch.stack(
        [_loss(points.to(a), a, b, image, context) for a, b, image in zip(alpha, beta, images, strict=True)]
    )


@torch.no_grad()
def _loss(points: Tensor, alpha: Tensor, beta: Tensor, image: Tensor, context: MeasureContext) -> Tensor:
    z = points @ torch.stack([alpha, beta])
    parts = [context.learner.generate(chunk) - image for chunk in torch.split(z, IMAGES_AT_ONCE)]
    return torch.cat([part.square().flatten(1).mean(dim=1) for part in parts])
