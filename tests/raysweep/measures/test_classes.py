from collections.abc import Callable

import numpy as np
import pytest
import torch

from raysweep.data.images import DataSet, Images
from raysweep.measures import classes
from raysweep.measures.classes import layers_of, logits_of, mean_images, modes_of
from raysweep.measures.context import MeasureContext
from raysweep.study import Vae, WithinEpsilon
from support.point_models import GRID


def test_the_mean_image_of_a_class_is_over_its_images(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = np.random.default_rng(0)
    images = Images(stream.integers(0, 256, (7, 1, 2, 2), dtype=np.uint8), np.array([0, 1, 0, 2, 2, 1, 0]))
    found = mean_images(images)
    pixels = images.batch(np.arange(7), torch.device("cpu"))[0]
    for label in range(3):
        of_class = pixels[torch.from_numpy(images.labels == label)]
        torch.testing.assert_close(found[label], of_class.mean(dim=0))
    monkeypatch.setattr(classes, "IMAGES_AT_ONCE", 2)
    torch.testing.assert_close(mean_images(images), found)


def test_each_classifier_is_the_one_that_is_named(make_context: Callable[..., MeasureContext], data: DataSet) -> None:
    context = make_context(Vae(latent_dim=2))
    images, _ = data.train.batch(np.arange(10), torch.device("cpu"))
    torch.testing.assert_close(logits_of("lenet", context)(images), context.classifier.logits(images))  # type: ignore[union-attr]
    nearest = torch.cdist(images.flatten(1), modes_of(context).flatten(1)).argmin(dim=1)
    assert torch.equal(logits_of("nearest_mode", context)(images).argmax(dim=1), nearest)
    within = WithinEpsilon(reference=3, epsilon=1e-3)
    assert (logits_of(within, context)(images).argmax(dim=1) == 0).nonzero().flatten().tolist() == [3]
    assert layers_of(within, context) is None


def test_the_modes_of_points_are_those_of_the_data(make_of_points: Callable[..., MeasureContext]) -> None:
    assert torch.equal(modes_of(make_of_points()), torch.tensor(GRID.modes))
