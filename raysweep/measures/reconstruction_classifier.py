"""Accuracy on real images of a LeNet that was trained on reconstructions, and of one trained on the real images."""

from dataclasses import dataclass, field, replace
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray

from raysweep.data.images import DataSet, Images, to_bytes
from raysweep.data.order import BatchStream
from raysweep.measures.context import Columns, MeasureContext
from raysweep.measures.targets import chosen
from raysweep.models.lenet import LeNetLearner
from raysweep.seeding import derive_seed
from raysweep.study.data import DataSettings
from raysweep.study.measures import Shard
from raysweep.study.measures.reconstruction_classifier import ReconstructionClassifier
from raysweep.study.models.lenet import LeNet

AT_ONCE = 500
"""Images that are generated, or classified, together."""


@dataclass(frozen=True)
class _Control:
    """Everything that determines the accuracy of a LeNet that learns from real images."""

    settings: LeNet
    images: int
    seed: int
    device: torch.device
    threads: int
    """Torch's threads, whose number changes the last bits of sums."""
    data_settings: DataSettings
    data: DataSet = field(compare=False)


def run(settings: ReconstructionClassifier, shard: Shard, context: MeasureContext) -> Columns:
    """One row: the shard's LeNet. Its seed is the trial's, whatever the model, and the same in both parts."""
    data, count = context.data, shard.stop - shard.start
    seed = derive_seed(context.trial.seed, "reconstruction classifier")
    if shard.part == "real":
        control = _Control(
            settings.classifier, count, seed, context.device, torch.get_num_threads(), context.trial.data, data
        )
        accuracy = _accuracy_of_control(control)
    else:
        accuracy = accuracy_after(settings.classifier, reconstructions(context, count), data, seed, context.device)
    steps = settings.classifier.total_steps(replace(data.facts, train=count))
    return {
        "part": [shard.part],
        "accuracy": [accuracy],
        "images": [count],
        "test_images": [len(data.validation)],
        "epochs": [steps * settings.classifier.images_per_step / count],
    }


def reconstructions(context: MeasureContext, count: int) -> Images:
    """The first `count` chosen training images as the model makes them from z*, as bytes, with their labels."""
    indices = _indices(context.data, count)
    rows = context.followed[context.followed["part"] == "train"].set_index("image")
    z = torch.from_numpy(np.stack(rows.loc[indices, "z"].to_list())).to(context.device, torch.float32)
    with torch.no_grad():
        pixels = [to_bytes(context.learner.generate(z[at : at + AT_ONCE])) for at in range(0, count, AT_ONCE)]
    return Images(np.concatenate(pixels), _labels(context.data, indices))


def accuracy_after(settings: LeNet, images: Images, data: DataSet, seed: int, device: torch.device) -> float:
    """Share of the validation images of `data` that a LeNet classifies rightly after learning from `images`."""
    facts = replace(data.facts, train=len(images))
    learner = LeNetLearner(settings, facts, seed, device)
    order, size = BatchStream(len(images), seed), settings.images_per_step
    for step in range(settings.total_steps(facts)):
        learner.update(*images.batch(order.indices(step * size, size), device), step)
    return _accuracy(learner, data.validation)


def _accuracy(learner: LeNetLearner, images: Images) -> float:
    right = 0
    for start in range(0, len(images), AT_ONCE):
        batch, labels = images.batch(np.arange(start, min(start + AT_ONCE, len(images))), learner.device)
        assert labels is not None
        with torch.no_grad():
            right += int((learner.logits(batch).argmax(dim=1) == labels).sum())
    return right / len(images)


@lru_cache(maxsize=16)
def _accuracy_of_control(control: _Control) -> float:
    """It is kept between trials, since it does not depend on their models."""
    indices = _indices(control.data, control.images)
    images = Images(control.data.train.pixels[indices], _labels(control.data, indices))
    return accuracy_after(control.settings, images, control.data, control.seed, control.device)


def _indices(data: DataSet, count: int) -> NDArray[np.int64]:
    return chosen(data.train, "train", Shard("train", 0, count))


def _labels(data: DataSet, indices: NDArray[np.int64]) -> NDArray[np.int64]:
    assert data.train.labels is not None, "the settings refuse data sets without classes"
    return data.train.labels[indices]
