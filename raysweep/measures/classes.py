"""The classifier that a measure names, as a function or a network."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn

from raysweep.data.images import Images
from raysweep.measures.context import MeasureContext
from raysweep.radius import Within, nearest_point
from raysweep.study.measures.classes import Classifier, WithinEpsilon, class_points

IMAGES_AT_ONCE = 1000
"""Images whose mean is summed at a time. It bounds the memory, and changes nothing but rounding."""


def logits_of(classifier: Classifier, context: MeasureContext) -> Callable[[Tensor], Tensor]:
    """Images, or points, to scores (count, classes), the largest of which is the class; differentiable."""
    if classifier == "lenet":
        assert context.classifier is not None, "the measure needs the study's classifier"
        return context.classifier.logits
    if isinstance(classifier, WithinEpsilon):
        reference, _ = context.data.train.batch(np.array([classifier.reference]), context.device)
        return Within(reference[0], classifier.epsilon, classifier.p)
    return nearest_point(modes_of(context))


def layers_of(classifier: Classifier, context: MeasureContext) -> nn.Sequential | None:
    """The classifier as a stack of layers; None if it is something else."""
    if classifier == "lenet":
        assert context.classifier is not None, "the measure needs the study's classifier"
        return context.classifier.network
    return None if isinstance(classifier, WithinEpsilon) else nearest_point(modes_of(context))


def modes_of(context: MeasureContext) -> Tensor:
    """(classes, ...): the points, or the mean images of classes, of which the nearest is the class."""
    if context.data.facts.points:
        return torch.tensor(class_points(context.trial.model, context.trial.data), device=context.device)
    return mean_images(context.data.train).to(context.device)


def mean_images(images: Images) -> Tensor:
    """(classes, channels, size, size) in [-1, 1]: the mean of the images of each class."""
    assert images.labels is not None, "these images have no classes"
    counts = np.bincount(images.labels)
    sums = torch.zeros(len(counts), *images.pixels.shape[1:], dtype=torch.float64)
    for start in range(0, len(images), IMAGES_AT_ONCE):
        some, labels = images.batch(np.arange(start, min(start + IMAGES_AT_ONCE, len(images))), torch.device("cpu"))
        assert labels is not None
        sums.index_add_(0, labels, some.double())
    return (sums / torch.from_numpy(counts).view(-1, 1, 1, 1)).float()
