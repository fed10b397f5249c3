"""Linear encoders, whose stretch is known, and the Jacobian of one that is not."""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from raysweep.data.images import DataSet
from raysweep.measures import MeasureContext, run_measure
from raysweep.measures.omega import largest_singular_values, random_pairs
from raysweep.models import build_learner
from raysweep.study import Autoencoder, Omega, Vae
from raysweep.study.measures import Shard

CPU = torch.device("cpu")
Make = Callable[..., MeasureContext]


def measured(context: MeasureContext, **settings: int) -> dict[str, Any]:
    measure = Omega(**{"pairs": 200, "jacobians": 5, **settings})
    (row,) = run_measure(measure, Shard("validation", 0, measure.pairs), context).to_pylist()
    return row


def with_encoder(context: MeasureContext, matrix: Tensor) -> MeasureContext:
    """The encoder I ↦ I · `matrix`, of pixels in [0, 1]."""
    object.__setattr__(context.learner, "encode", lambda images: ((images.flatten(1) + 1) / 2) @ matrix)
    return context


def test_an_isometry_stretches_nothing_and_a_scale_by_its_square(make_context: Make) -> None:
    rotation = torch.linalg.qr(torch.randn(16, 16, generator=torch.Generator().manual_seed(0))).Q
    row = measured(with_encoder(make_context(Autoencoder(latent_dim=16)), 3 * rotation))
    assert row["omega"] == pytest.approx(9, rel=1e-4)
    assert row["steepest_pair"] == pytest.approx(3, rel=1e-4)
    assert row["steepest_image"] == pytest.approx(3, rel=1e-4)


def test_omega_is_the_mean_ratio_over_pairs(make_context: Make, data: DataSet) -> None:
    context = make_context(Autoencoder(latent_dim=3))
    pairs = random_pairs(200, len(data.validation))
    sides = [data.validation.batch(side, CPU)[0].double() for side in pairs.T]
    codes = [context.learner.encode(side.float()).double() for side in sides]
    ratios = [(codes[0] - codes[1]).square().sum(1) / ((sides[0] - sides[1]) / 2).square().flatten(1).sum(1)]
    row = measured(context)
    assert row["omega"] == pytest.approx(float(ratios[0].mean()), rel=1e-4)
    assert row["steepest_pair"] == pytest.approx(float(ratios[0].max()) ** 0.5, rel=1e-4)
    every, _ = data.validation.batch(np.unique(pairs), CPU)
    assert row["variance"] == pytest.approx(float(context.learner.encode(every).var(dim=0).mean()), rel=1e-4)


def test_scaled_omega_does_not_change_with_the_scale(make_context: Make) -> None:
    matrix = torch.randn(16, 3, generator=torch.Generator().manual_seed(1))
    large, small = (measured(with_encoder(make_context(Autoencoder(latent_dim=3)), s * matrix)) for s in (1.0, 0.1))
    assert small["omega"] == pytest.approx(0.01 * large["omega"], rel=1e-4)
    assert small["scaled_omega"] == pytest.approx(large["scaled_omega"], rel=1e-4)


def test_codes_that_are_unrelated_to_the_images_have_the_omega_of_such(make_context: Make) -> None:
    context = make_context(Autoencoder(latent_dim=64))
    matrix = torch.randn(16, 64, generator=torch.Generator().manual_seed(3))
    object.__setattr__(context.learner, "encode", lambda images: torch.sin(1e4 * images.flatten(1) @ matrix))
    row = measured(context)
    assert row["scaled_omega"] == pytest.approx(row["unrelated_omega"], rel=0.05)
    isometric = measured(with_encoder(make_context(Autoencoder(latent_dim=16)), torch.eye(16)))
    assert isometric["scaled_omega"] < 0.95 * isometric["unrelated_omega"]


def test_no_pair_is_steeper_than_the_jacobian_of_a_linear_encoder(make_context: Make) -> None:
    matrix = torch.randn(16, 4, generator=torch.Generator().manual_seed(2))
    row = measured(with_encoder(make_context(Autoencoder(latent_dim=4)), matrix))
    assert row["steepest_pair"] <= row["steepest_image"] * (1 + 1e-5)
    # 50 power steps bring any start within a per cent of the largest, however close the next one is.
    assert row["steepest_image"] == pytest.approx(float(torch.linalg.matrix_norm(matrix, 2)), rel=0.01)


def with_learner(model: Vae | Autoencoder, context: MeasureContext) -> MeasureContext:
    """The context with a real learner of the model, as a finished trial leaves it."""
    learner = build_learner(model, context.data.facts, 0, CPU)
    learner.load_weights(learner.weights())
    return replace(context, learner=learner)


def test_bounds_from_below_and_above_meet_for_a_linear_encoder(make_context: Make) -> None:
    model = Autoencoder(latent_dim=3, width=2)  # of so small images its encoder is one dense layer
    row = measured(with_learner(model, make_context(model)))
    assert row["steepest_image"] == pytest.approx(row["lipschitz_bound"], rel=0.01)  # as close as 50 power steps come


@pytest.mark.parametrize("norm", [True, False])
def test_the_bound_lies_above_what_is_measured(norm: bool, make_context: Make) -> None:
    model = Vae(latent_dim=3, width=2, encoder_norm=norm)
    row = measured(with_learner(model, make_context(model)))
    assert 0 < max(row["steepest_image"], row["steepest_pair"]) <= row["lipschitz_bound"]


def test_a_constant_encoder_has_no_scale(make_context: Make) -> None:
    row = measured(with_encoder(make_context(Autoencoder(latent_dim=2)), torch.zeros(16, 2)))
    assert (row["omega"], row["variance"], row["steepest_pair"], row["steepest_image"]) == (0, 0, 0, 0)
    assert math.isnan(row["scaled_omega"])


def test_the_largest_singular_value_is_that_of_each_images_own_jacobian() -> None:
    def function(x: Tensor) -> Tensor:
        return torch.stack([x[:, 0] ** 2, 3 * x[:, 1], x[:, 0] * x[:, 1]], dim=1)

    at = torch.tensor([[1.0, 0.0], [5.0, 0.0], [2.0, 2.0]])
    expected = [torch.linalg.matrix_norm(torch.tensor([[2 * a, 0], [0, 3], [b, a]]), 2) for a, b in at.tolist()]
    found = largest_singular_values(function, at, torch.tensor([[1.0, 1.0]] * 3))
    torch.testing.assert_close(found, torch.stack(expected))


def test_real_encoders_are_differentiated_as_they_stand(make_context: Make, data: DataSet) -> None:
    model = Vae(latent_dim=3, width=2)
    learner = build_learner(model, data.facts, 0, CPU)
    learner.load_weights(learner.weights())
    images = (data.validation.batch(np.arange(2), CPU)[0] + 1) / 2

    def encode(pixels: Tensor) -> Tensor:
        return learner.encode(pixels * 2 - 1)

    jacobian = torch.autograd.functional.jacobian(lambda pixels: encode(pixels[None])[0], images[0]).flatten(1)
    found = largest_singular_values(encode, images, torch.ones_like(images))
    torch.testing.assert_close(found[0], torch.linalg.matrix_norm(jacobian, 2), rtol=1e-3, atol=0)


def test_pairs_are_of_different_images() -> None:
    pairs = random_pairs(1_000, 3)
    assert pairs.min() == 0
    assert pairs.max() == 2
    assert (pairs[:, 0] != pairs[:, 1]).all()
