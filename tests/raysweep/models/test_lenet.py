"""The classifier's parts fit together, and it learns the digits."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional

from raysweep.data.images import DataSet
from raysweep.models.learner import Learner
from raysweep.study import LeNet

CPU = torch.device("cpu")


def test_features_lead_to_the_logits(make: Callable[..., Learner], noise: Tensor) -> None:
    learner = make(LeNet())
    images = noise.requires_grad_()
    features, logits = learner.features(images), learner.logits(images)
    assert features.shape == (8, 84)
    assert logits.shape == (8, 10)
    torch.testing.assert_close(learner.networks["head"](features), logits)
    (gradient,) = torch.autograd.grad(logits.square().sum(), images)
    assert bool((gradient.flatten(1).abs().sum(dim=1) > 0).all())


def test_losses_are_cross_entropy_and_share_of_right_classes(make: Callable[..., Learner], noise: Tensor) -> None:
    learner = make(LeNet())
    logits = learner.logits(noise).detach()
    labels = logits.argmax(dim=1)
    labels[:2] = (labels[:2] + 1) % 10
    losses = learner.evaluate(noise, labels)
    assert float(losses["accuracy"]) == pytest.approx(6 / 8)
    expected = -functional.log_softmax(logits, dim=1)[torch.arange(8), labels].mean()
    torch.testing.assert_close(losses["loss"], expected)


def test_images_without_labels_are_refused(make: Callable[..., Learner], noise: Tensor) -> None:
    with pytest.raises(ValueError, match="labels"):
        make(LeNet()).update(noise, None, 0)


@pytest.mark.slow
def test_it_classifies_held_out_digits(digits: DataSet, train: Callable[..., Learner]) -> None:
    learner = train(LeNet(epochs=20), digits)
    losses = learner.evaluate(*digits.validation.batch(np.arange(len(digits.validation)), CPU))
    assert float(losses["accuracy"]) > 0.95


@pytest.mark.slow
def test_it_classifies_held_out_mnist(mnist: DataSet, train: Callable[..., Learner]) -> None:
    learner = train(LeNet(epochs=1, batch=128), mnist)
    losses = learner.evaluate(*mnist.validation.batch(np.arange(2_000), CPU))
    assert float(losses["accuracy"]) > 0.95
