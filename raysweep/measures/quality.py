"""Which images the measures of sample quality judge, and their features: the same for all of these measures."""

from collections.abc import Callable, Hashable, Iterable, Iterator
from weakref import WeakKeyDictionary

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from raysweep.data.images import DataSet, Images, to_bytes, to_unit
from raysweep.measures.context import MeasureContext
from raysweep.measures.features import Features
from raysweep.measures.streams import normal_each, shuffled
from raysweep.models.learner import Learner
from raysweep.study.data import Split
from raysweep.study.measures.quality import ReferenceSettings

IMAGES_AT_ONCE = 64
"""Images in one batch of the networks. It bounds the memory, and changes nothing but rounding."""

_KEPT: WeakKeyDictionary[Learner, dict[Hashable, Tensor]] = WeakKeyDictionary()
"""Keeps the features of each model's images while the model is in memory, since the next measure mostly needs them."""


def generated_images(part: str, count: int, context: MeasureContext) -> Tensor:
    """`count` samples, or reconstructions of validation images, rounded to bytes as real images are, in [-1, 1].

    Samples are generated from the trial's own prior samples. The validation images are the `held_out_images`.
    """
    return torch.cat(list(_batches(part, count, context)))[:count]


def generated_features(part: str, count: int, features: Features, context: MeasureContext) -> Tensor:
    """Features (count, length) of the `generated_images`."""
    kept = _KEPT.setdefault(context.learner, {})
    known = kept.get((part, features))
    if known is None or len(known) < count:
        known = torch.cat([_features(images, features) for images in _batches(part, count, context)])
        kept[part, features] = known
    return known[:count]


def real_features(
    split: Images, chosen: NDArray[np.int64], features: Features, device: torch.device
) -> Iterator[Tensor]:
    """Features (batch, length) of the chosen images of a split, in batches."""
    for start in range(0, len(chosen), IMAGES_AT_ONCE):
        yield _features(split.batch(chosen[start : start + IMAGES_AT_ONCE], device)[0], features)


def as_matrix(batches: Iterable[Tensor]) -> NDArray[np.float32]:
    """Batches (batch, length) as one matrix (count, length)."""
    return np.concatenate([batch.cpu().numpy() for batch in batches])


def reference_images(settings: ReferenceSettings, data: DataSet) -> tuple[Images, NDArray[np.int64]]:
    """The split and indices of the real images with which generated ones are compared."""
    split = data.split(settings.reference)
    return split, shuffled(len(split), "reference", settings.reference)[: settings.reference_images]


def held_out_images(data: DataSet, split: Split, count: int) -> NDArray[np.int64]:
    """The indices of a split's images that are held out or reconstructed: `count` of them if there are as many.

    They are in the order in which the measure of reconstruction takes them, so its errors are of the same images.
    """
    return shuffled(len(data.split(split)), "reconstruction", split)[:count]


def other_images(settings: ReferenceSettings, data: DataSet) -> tuple[Images, NDArray[np.int64]]:
    """Real images outside of the reference's split, as many as samples if there are: their numbers show the best
    possible ones.

    Of the validation images they are those that are reconstructed.
    """
    other: Split = "validation" if settings.reference == "train" else "train"
    return data.split(other), held_out_images(data, other, settings.samples)


def _batches(part: str, count: int, context: MeasureContext) -> Iterator[Tensor]:
    """At least `count` images. All batches are full, or end with the split, whatever the count.

    The last bits of an image depend on the size of its batch, so that size must not depend on `count`.
    """
    make = _samples if part == "samples" else _reconstructions
    for start in range(0, count, IMAGES_AT_ONCE):
        with torch.no_grad():
            images = make(range(start, start + IMAGES_AT_ONCE), context)
        yield to_unit(torch.from_numpy(to_bytes(images)).to(images.device))


def _samples(places: range, context: MeasureContext) -> Tensor:
    z = normal_each(places, (context.latent_dim,), context.device, context.trial.seed, "quality")
    return context.learner.generate(z)


def _reconstructions(places: range, context: MeasureContext) -> Tensor:
    chosen = held_out_images(context.data, "validation", places.stop)[places.start :]
    return context.learner.generate(context.learner.encode(context.data.validation.batch(chosen, context.device)[0]))


def _features(images: Tensor, features: Callable[[Tensor], Tensor]) -> Tensor:
    with torch.no_grad():
        return features(images)
