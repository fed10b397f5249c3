"""Each image moves its own latent, latents stay plausible, and training reaches what no linear code does."""

import copy
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from raysweep.data import load_data
from raysweep.data.images import DataSet
from raysweep.data.order import BatchStream
from raysweep.inversion import invert
from raysweep.models.learner import Learner
from raysweep.study import BallLbfgs, Digits, Glo
from raysweep.theory.prior import radius

CPU = torch.device("cpu")
SMALL = Glo(width=4, batch=16, latent_dim=3)


def latents_of(learner: Learner) -> Tensor:
    return learner.networks["latents"][0].weight.detach()  # type: ignore[index,union-attr]


def update(learner: Learner, data: DataSet, step: int) -> float:
    order = BatchStream(len(data.train), learner.seed)
    batch = learner.settings.images_per_step
    images, _ = data.train.batch(order.indices(step * batch, batch), CPU)
    return float(learner.update(images, None, step)["mse"])


def test_latents_begin_at_the_prior_within_the_ball(make: Callable[..., Learner]) -> None:
    z = latents_of(make(SMALL))
    assert z.shape == (1437, 3)
    assert float(z.mean()) == pytest.approx(0, abs=0.05)  # 4,311 values: three standard errors
    assert float(z.std()) == pytest.approx(1, abs=0.05)  # the ball takes the farthest 1.5 % a little nearer
    assert float(z.norm(dim=1).max()) == pytest.approx(radius("paper_ball", 3), rel=1e-6)


def test_only_the_latents_of_the_batch_move(make: Callable[..., Learner], digits: DataSet) -> None:
    learner = make(SMALL, seed=4)
    for step in (0, 1):  # at the second, the first batch's latents have a momentum that must not move them
        before = latents_of(learner).clone()
        update(learner, digits, step)
        moved = (latents_of(learner) != before).any(dim=1).nonzero().flatten()
        assert sorted(BatchStream(1437, 4).indices(16 * step, 16)) == moved.tolist()


def test_a_latent_follows_the_gradient_of_its_own_image(make: Callable[..., Learner], digits: DataSet) -> None:
    """Adam's first step is g / (|g| + ε / √(1 − β2)) times its learning rate."""
    learner = make(SMALL)
    seen = torch.from_numpy(BatchStream(1437, 0).indices(0, 16))
    images, _ = digits.train.batch(seen.numpy(), CPU)
    z = latents_of(learner)[seen].requires_grad_()
    generator = copy.deepcopy(learner.generator).train()  # type: ignore[union-attr]
    (gradient,) = torch.autograd.grad((generator(z) - images).square().mean(), z)
    expected = -0.1 * gradient / (gradient.abs() + 1e-8 / 0.001**0.5)
    update(learner, digits, 0)
    inside = (z + expected).norm(dim=1) < radius("paper_ball", 3)
    assert inside.sum() > 8
    moved = latents_of(learner)[seen] - z.detach()
    torch.testing.assert_close(moved[inside], expected[inside], rtol=1e-3, atol=1e-6)


def test_latents_stay_in_the_ball(make: Callable[..., Learner], digits: DataSet) -> None:
    learner = make(Glo(width=4, batch=16, latent_dim=3, latent_learning_rate=5.0))
    for step in range(20):
        update(learner, digits, step)
        assert float(latents_of(learner).norm(dim=1).max()) <= radius("paper_ball", 3) * (1 + 1e-6)


def test_held_out_images_have_no_latents(make: Callable[..., Learner], noise: Tensor) -> None:
    assert make(SMALL).evaluate(noise, None) == {}


def test_the_plan_counts_generator_and_latents(make: Callable[..., Learner]) -> None:
    learner = make(SMALL)
    networks = SMALL.networks(learner.facts)
    assert networks["latents"].parameters == 1437 * 3
    assert SMALL.flop_per_step(learner.facts) == 3 * 2 * networks["generator"].multiply_adds * 16


@pytest.mark.slow
@pytest.mark.parametrize("latent_dim", [2, 8])
def test_it_reaches_training_images_far_better_than_pca(
    latent_dim: int, train: Callable[..., Learner], tmp_path: Path
) -> None:
    """And the latents that inversion finds are at least as good as its own."""
    data = load_data(Digits(limit=200), tmp_path, tmp_path)
    images, _ = data.train.batch(np.arange(200), CPU)
    learner = train(Glo(latent_dim=latent_dim, width=8, batch=32, steps=600, learning_rate=3e-3), data)
    own = float((learner.generate(latents_of(learner)) - images).square().mean().detach())
    values = torch.linalg.eigvalsh(images.flatten(1).double().T.cov(correction=0))
    pca = float(values[:-latent_dim].sum()) / 64
    assert own < pca / 1.5
    assert learner.generator is not None
    found = invert(learner.generator, images, latent_dim=latent_dim, solver=BallLbfgs(bank=2_000, steps=50))
    assert float(found.error.mean()) / 64 < own
