"""How much of the way between two images lies off the data."""

from collections.abc import Iterable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from raysweep.data.images import Images, to_bytes
from raysweep.measures.context import Columns, MeasureContext, StudyContext
from raysweep.measures.neighbours import nearest_distances
from raysweep.measures.streams import normal_each, shuffled
from raysweep.models.lenet import LeNetLearner
from raysweep.seeding import derive_seed
from raysweep.study.data import Split
from raysweep.study.measures import Shard
from raysweep.study.measures.interpolation import Interpolation

IMAGES_AT_ONCE = 64
"""Images in one batch of the networks. It bounds the memory, and changes nothing but rounding."""

PARALLEL = 1e-4
"""Sine of the angle below which two latents count as parallel: between these, the sphere is a straight line."""


def run(settings: Interpolation, shard: Shard, context: MeasureContext) -> Columns:
    """One row a path."""
    places = range(shard.start, shard.stop)
    pairs = None if shard.part == "prior" else [pair_of_images(place, context.data.validation) for place in places]
    with torch.no_grad():
        paths = _paths(settings, shard, pairs, context)
        images = torch.cat([_in_space(path, context.classifier, settings) for path in paths])
    real = torch.from_numpy(context.reference["images"]).to(context.device)
    distances = nearest_distances(images, real).view(len(paths), settings.points)
    threshold, rows = float(context.reference["threshold"]), len(paths)
    return {
        "part": [shard.part] * rows,
        "pair": list(places),
        "first": [None] * rows if pairs is None else [first for first, _ in pairs],
        "second": [None] * rows if pairs is None else [second for _, second in pairs],
        "off": (distances > threshold).double().mean(dim=1).tolist(),
        "distances": distances.tolist(),
        "threshold": [threshold] * rows,
        "quantile": [settings.quantile] * rows,
        "space": [settings.space] * rows,
        "images": [len(real)] * rows,
        "held_out": [int(context.reference["held_out"])] * rows,
        "path": [
            to_bytes(path).tobytes() if place < settings.keep else None
            for place, path in zip(places, paths, strict=True)
        ],
    }


def prepare(settings: Interpolation, context: StudyContext) -> dict[str, NDArray[np.float64]]:
    """Training images in the space of distances, and the threshold: it is a fact of the data, equal for all trials."""
    real, held_out = (_real_images(settings, context, split) for split in ("train", "validation"))
    threshold = np.quantile(nearest_distances(held_out, real).cpu().numpy(), settings.quantile)
    return {
        "images": real.to("cpu", torch.float64).numpy(),
        "threshold": np.asarray(threshold),
        "held_out": np.asarray(len(held_out), dtype=np.float64),
    }


def _real_images(settings: Interpolation, context: StudyContext, split: Split) -> Tensor:
    """(count, length): a seeded choice of a split's images, the same for all trials."""
    source = context.data.split(split)
    chosen = shuffled(len(source), "interpolation", split)[: settings.images]
    batches = [chosen[start : start + IMAGES_AT_ONCE] for start in range(0, len(chosen), IMAGES_AT_ONCE)]
    with torch.no_grad():
        images = (source.batch(batch, context.device)[0] for batch in batches)
        return torch.cat([_in_space(each, context.classifier, settings) for each in images])


def _in_space(images: Tensor, classifier: LeNetLearner | None, settings: Interpolation) -> Tensor:
    """Images (count, channels, size, size) as the vectors (count, length) whose distances are measured."""
    if settings.space == "pixels":
        return images.flatten(1)
    assert classifier is not None, "LeNet's features need the study's classifier"
    return classifier.features(images)


def pair_of_images(pair: int, images: Images) -> tuple[int, int]:
    """The pair of that index: a random image, and a random other one, of another class where there are classes."""
    stream = np.random.default_rng(derive_seed("interpolation", "pair", pair))
    first = int(stream.integers(len(images)))
    labels = np.arange(len(images)) if images.labels is None else images.labels
    return first, int(stream.choice(np.flatnonzero(labels != labels[first])))


def _paths(
    settings: Interpolation, shard: Shard, pairs: Iterable[tuple[int, int]] | None, context: MeasureContext
) -> list[Tensor]:
    """The images (points, channels, size, size) of each path."""
    positions = torch.linspace(0, 1, settings.points, device=context.device)
    if pairs is None:
        name = (context.trial.seed, "interpolation", "prior")
        ends = normal_each(range(shard.start, shard.stop), (2, context.latent_dim), context.device, *name)
        return [context.learner.generate(spherical(first, second, positions)) for first, second in ends]
    between = spherical if shard.part == "spherical" else linear
    paths = []
    for pair in pairs:
        images = context.data.validation.batch(np.asarray(pair), context.device)[0]
        if shard.part == "blend":
            paths.append(linear(images[0], images[1], positions))
        else:
            first, second = context.learner.encode(images)
            paths.append(context.learner.generate(between(first, second, positions)))
    return paths


def linear(first: Tensor, second: Tensor, positions: Tensor) -> Tensor:
    """(1 − t) a + t b at each of the `positions` t, (positions, …)."""
    t = positions.view(-1, *[1] * first.ndim)
    return (1 - t) * first + t * second


def spherical(first: Tensor, second: Tensor, positions: Tensor) -> Tensor:
    """(sin((1 − t) φ) a + sin(t φ) b) / sin φ at each t, (positions, dim(z)), with φ the angle between a and b.

    Where a and b are parallel, or opposite, the straight line takes its place.

    Source: Shoemake (1985), Section 3.3, as White (2016) uses it between latents of different length.
    """
    cosine = torch.nn.functional.cosine_similarity(first, second, dim=0).clamp(-1, 1)
    angle = cosine.arccos()
    if angle.sin() < PARALLEL:
        return linear(first, second, positions)
    t = positions[:, None]
    return (((1 - t) * angle).sin() * first + (t * angle).sin() * second) / angle.sin()
