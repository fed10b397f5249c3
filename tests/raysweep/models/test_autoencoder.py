"""The autoencoder's error is what it says, and learning brings it below that of linear codes."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from raysweep.data.images import DataSet
from raysweep.models.learner import Learner
from raysweep.study import Autoencoder

CPU = torch.device("cpu")


def test_the_error_is_per_pixel_value(make: Callable[..., Learner], noise: Tensor) -> None:
    learner = make(Autoencoder(width=4, latent_dim=3))
    error = (learner.generate(learner.encode(noise)) - noise).square().sum() / (8 * 64)
    torch.testing.assert_close(learner.evaluate(noise, None)["mse"], error.detach())


def pca_error(images: Tensor, dimension: int) -> float:
    """Squared error per pixel value of the best linear code of that dimension."""
    values = torch.linalg.eigvalsh(images.flatten(1).double().T.cov(correction=0))
    return float(values[:-dimension].mean()) * (len(values) - dimension) / len(values)


def test_pca_error_is_that_of_the_projection(pixels: Tensor) -> None:
    flat = pixels.flatten(1).double()
    centred = flat - flat.mean(dim=0)
    directions = torch.linalg.svd(centred, full_matrices=False).Vh[:8]
    residual = centred - centred @ directions.T @ directions
    assert pca_error(pixels, 8) == pytest.approx(float(residual.square().mean()))


@pytest.mark.slow
def test_the_error_falls_with_the_latent_dimension_below_that_of_pca(
    digits: DataSet, pixels: Tensor, train: Callable[..., Learner]
) -> None:
    def error(latent_dim: int) -> float:
        settings = Autoencoder(latent_dim=latent_dim, width=8, steps=400, learning_rate=2e-3)
        return float(train(settings, digits).evaluate(pixels, None)["mse"])

    two, eight, many = error(2), error(8), error(32)
    assert two < pca_error(pixels, 2)
    assert eight < pca_error(pixels, 8)
    assert many < eight < two


@pytest.mark.slow
def test_it_beats_pca_on_mnist(mnist: DataSet, train: Callable[..., Learner]) -> None:
    images, _ = mnist.train.batch(np.arange(2_000), CPU)
    settings = Autoencoder(width=8, latent_dim=10, batch=32, steps=200)
    assert float(train(settings, mnist).evaluate(images, None)["mse"]) < pca_error(images, 10)
