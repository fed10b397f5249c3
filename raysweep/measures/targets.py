"""The images to reconstruct: of the data set, shifted, of another data set, noise, or generated."""

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from raysweep.data import load_data
from raysweep.data.images import Images
from raysweep.inversion import feasible_set
from raysweep.measures.context import MeasureContext
from raysweep.measures.streams import normal_each, shuffled, uniform_each
from raysweep.models.learner import Learner
from raysweep.seeding import derive_seed
from raysweep.study.architecture import ImageShape
from raysweep.study.measures import Shard
from raysweep.study.measures.reconstruction import Reconstruction
from raysweep.study.solvers import Feasible

DIRECTIONS = ((0, 1), (0, -1), (1, 0), (-1, 0))
"""The directions in which an image is shifted: (rows, columns)."""

LUMA = (0.299, 0.587, 0.114)
"""Weights of red, green and blue in grey. Source: ITU-R BT.601."""


def targets(
    settings: Reconstruction, shard: Shard, context: MeasureContext, latents: Callable[[Tensor], Tensor]
) -> tuple[list[int], Tensor]:
    """Indices of the shard's images, and the images (count, channels, size, size) in [-1, 1], on the device.

    They are the same for all trials and measures, but for those that the model generates itself, from feasible
    latents: an inversion could reach these with no error. `latents` turns prior samples into the model's latents.
    """
    places = range(shard.start, shard.stop)
    shape = context.data.facts.shape
    if shard.part == "generated":
        return list(places), _generated(settings, places, context, latents)
    if shard.part == "noise":
        return list(places), uniform_each(places, (shape.channels, shape.size, shape.size), context.device, "noise")
    if shard.part == "foreign":
        indices = chosen(foreign := _foreign(settings, context), "foreign", shard)
        pixels = foreign.batch(indices, torch.device("cpu"))[0]
        return indices.tolist(), converted(pixels, shape).to(context.device)
    if shard.part == "validation":
        indices = chosen(context.data.validation, "validation", shard)
        return indices.tolist(), context.data.validation.batch(indices, context.device)[0]
    indices = chosen(context.data.train, "train", shard)
    images = context.data.train.batch(indices, context.device)[0]
    if shard.part.startswith("shifted_"):
        distance = int(shard.part.removeprefix("shifted_"))
        moves = [direction(index) for index in indices.tolist()]
        images = torch.stack([shifted(image, *move, distance) for image, move in zip(images, moves, strict=True)])
    return indices.tolist(), images


def chosen(images: Images, part: str, shard: Shard) -> NDArray[np.int64]:
    """The indices of a shard's images; they depend on the shard's items alone."""
    return shuffled(len(images), "reconstruction", part)[shard.start : shard.stop]


def _foreign(settings: Reconstruction, context: MeasureContext) -> Images:
    assert settings.foreign is not None
    assert context.data_folder is not None
    return load_data(settings.foreign, context.data_folder).validation


def _generated(
    settings: Reconstruction, places: range, context: MeasureContext, latents: Callable[[Tensor], Tensor]
) -> Tensor:
    u = normal_each(places, (context.latent_dim,), context.device, context.trial.seed, "generated")
    return generated(context.learner, latents, u, settings.solver.feasible)


def generated(learner: Learner, latents: Callable[[Tensor], Tensor], u: Tensor, feasible: Feasible) -> Tensor:
    """Images of prior samples `u` (count, dim(z)), moved into the feasible set where they are not in it."""
    with torch.no_grad():
        return learner.generate(latents(feasible_set(feasible, u.shape[1]).project(u)))


def direction(image: int) -> tuple[int, int]:
    """Where the training image of that index is moved: (rows, columns) of a step of one pixel."""
    return DIRECTIONS[derive_seed("shift", image) % len(DIRECTIONS)]


def shifted(image: Tensor, rows: int, columns: int, distance: int) -> Tensor:
    """The image (channels, height, width) moved by `distance` steps of (rows, columns); its border is repeated."""
    height, width = image.shape[1:]
    row = (torch.arange(height) - rows * distance).clamp(0, height - 1)
    column = (torch.arange(width) - columns * distance).clamp(0, width - 1)
    return image[:, row.to(image.device)][:, :, column.to(image.device)]


def converted(images: Tensor, shape: ImageShape) -> Tensor:
    """Images (count, 1 or 3, any, any) in another shape: resized bilinearly, antialiased; grey by luma, or repeated."""
    if images.shape[1] == 3 and shape.channels == 1:
        images = (images * torch.tensor(LUMA).view(1, 3, 1, 1)).sum(dim=1, keepdim=True)
    resized = functional.interpolate(images, (shape.size, shape.size), mode="bilinear", antialias=True)
    return resized.expand(-1, shape.channels, -1, -1)
