import numpy as np
import pytest
import torch
from torch import Tensor

from raysweep.inversion import ball_lbfgs, feasible_set, radius
from raysweep.inversion.problem import squared_error
from raysweep.inversion.shared import Shared
from raysweep.study import BallLbfgs
from support.inversion_problems import (
    curved,
    linear,
    nearest_in_ball,
    random,
)


@pytest.mark.parametrize("feasible", ["paper_ball", "everything"])
def test_with_the_exact_inverse_hessian_one_step_inverts_a_linear_generator(feasible: str) -> None:
    matrix, targets = random(20, 5).double(), random(8, 1, 20, 1, seed=3).double()
    first = torch.linalg.inv(2 * matrix.T @ matrix)
    solver, starts = BallLbfgs.model_validate({"feasible": feasible, "steps": 1}), torch.zeros(1, 8, 5).double()
    found = ball_lbfgs.invert(linear(matrix), targets, starts, solver, Shared(inverse_hessian=first))
    expected = torch.linalg.lstsq(matrix, targets.flatten(1).T).solution.T
    assert bool((expected.norm(dim=1) < radius("paper_ball", 5)).all())
    torch.testing.assert_close(found.z, expected)
    assert found.passes.tolist() == [4] * 8


@pytest.mark.parametrize("latent_dim", [2, 5, 12])
def test_with_an_inverse_hessian_the_constrained_minimum_is_reached(latent_dim: int) -> None:
    """On an ill-conditioned generator, where H₀ turns the projected gradient far out of the sphere's tangent plane."""
    matrix = random(20, latent_dim) * torch.logspace(-1, 1, latent_dim)
    far = random(16, 20, seed=3) + random(16, latent_dim, seed=4) @ matrix.T * 4
    feasible = feasible_set("paper_ball", latent_dim)
    first = torch.linalg.inv(2 * matrix.T @ matrix)
    starts = random(1, 16, latent_dim, seed=5)
    found = ball_lbfgs.invert(linear(matrix), far[:, None, :, None], starts, BallLbfgs(), Shared(inverse_hessian=first))
    nearest = torch.tensor(np.stack([nearest_in_ball(matrix, x, feasible.outer) for x in far]), dtype=torch.float32)
    assert int((nearest.norm(dim=1) > 0.999 * feasible.outer).sum()) >= 8
    minimum = squared_error(linear(matrix)(nearest), far[:, None, :, None])
    torch.testing.assert_close(found.error, minimum, rtol=1e-3, atol=0)


def test_the_inverse_hessian_of_a_linear_generator() -> None:
    matrix = random(20, 5).double()
    stream = torch.Generator().manual_seed(0)
    first = ball_lbfgs.inverse_hessian(linear(matrix), random(100_000, 5, seed=1).double(), stream)
    curvature = matrix.T @ matrix
    damped = curvature + ball_lbfgs.DAMPING * curvature.trace() / 5 * torch.eye(5)
    torch.testing.assert_close(first, torch.linalg.inv(2 * damped), rtol=0.05, atol=0.02 * float(first.max()))


def test_images_that_do_not_depend_on_the_latent_have_an_inverse_hessian() -> None:
    stream = torch.Generator().manual_seed(0)
    first = ball_lbfgs.inverse_hessian(linear(torch.zeros(20, 5)), random(50, 5, seed=1), stream)
    torch.testing.assert_close(first, torch.eye(5) / 2)


def test_kinks_are_followed_downhill() -> None:
    """‖g(z) − x‖² = (3|z₁| + 5)² + (z₂ − 1)²: straight downhill is across the kink at z₁ = 0, the way is along it."""

    def generate(z: Tensor) -> Tensor:
        return torch.stack([3 * z[:, 0].abs() + 5, z[:, 1]], dim=1)[:, None, None]

    axis = torch.linspace(-1, 1, 8)
    starts = torch.cartesian_prod(axis, axis - 0.5)[None]
    targets = torch.tensor([0.0, 1.0]).view(1, 1, 1, 2).repeat(64, 1, 1, 1)
    found = ball_lbfgs.invert(generate, targets, starts, BallLbfgs())
    assert float((found.error < 25.05).float().mean()) > 0.75  # without turning at kinks it is 0.31


def test_after_scouting_only_the_best_go_on() -> None:
    generate, targets, starts = curved(4), random(5, 1, 3, 4, seed=1), random(6, 5, 4, seed=2)
    solver = BallLbfgs(steps=4, scout_steps=1, finalists=2)
    found = ball_lbfgs.invert(generate, targets, starts, solver)
    assert set(found.passes.tolist()) == {6 * 4 + 2 * 3 * 2}  # the start and one step from six, three more from two
