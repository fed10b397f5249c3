"""The classifier that a measure names, as a function."""

from collections.abc import Callable

import torch
from torch import Tensor

from raysweep.measures.context import MeasureContext
from raysweep.study.measures.classes import Classifier, class_points


def logits_of(classifier: Classifier, context: MeasureContext) -> Callable[[Tensor], Tensor]:
    """Images, or points, to scores (count, classes), the largest of which is the class; differentiable.

    With the nearest mode, a score is the negative squared distance to the class's point.
    """
    if classifier == "lenet":
        assert context.classifier is not None, "the measure needs the study's classifier"
        return context.classifier.logits
    modes = modes_of(context)
    return lambda points: -squared_distances(points, modes)


def modes_of(context: MeasureContext) -> Tensor:
    """(classes, coordinates): the points of which the nearest is a point's class."""
    return torch.tensor(class_points(context.trial.model, context.trial.data), device=context.device)


def squared_distances(points: Tensor, modes: Tensor) -> Tensor:
    """(count, classes) from points (count, coordinates, 1, 1) to modes (classes, coordinates)."""
    return (points.flatten(1)[:, None] - modes).square().sum(dim=2)
