from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from raysweep.inversion import Inversion, ball_lbfgs, feasible_set, levenberg_marquardt, radius
from raysweep.inversion.problem import squared_error
from raysweep.study import BallLbfgs, LevenbergMarquardt
from support.inversion_problems import (
    assert_feasible,
    curved,
    linear,
    nearest_in_ball,
    nearest_outside,
    random,
)

Ours = LevenbergMarquardt | BallLbfgs
NAMES = {"levenberg_marquardt": LevenbergMarquardt, "ball_lbfgs": BallLbfgs}
SOLVERS = pytest.mark.parametrize("make", NAMES.values(), ids=NAMES)


def search(generate: Callable[[Tensor], Tensor], targets: Tensor, starts: Tensor, solver: Ours) -> Inversion:
    if isinstance(solver, BallLbfgs):
        return ball_lbfgs.invert(generate, targets, starts, solver)
    return levenberg_marquardt.invert(generate, targets, starts, solver)


@SOLVERS
@pytest.mark.parametrize("feasible", ["paper_ball", "everything"])
def test_a_linear_generator_is_inverted_as_in_closed_form(make: type[Ours], feasible: str) -> None:
    matrix, targets = random(20, 5).double(), random(8, 1, 20, 1, seed=3).double()
    solver = make.model_validate({"feasible": feasible})
    found = search(linear(matrix), targets, random(1, 8, 5, seed=5).double(), solver)
    expected = torch.linalg.lstsq(matrix, targets.flatten(1).T).solution.T
    minimum = squared_error(linear(matrix)(expected), targets)
    assert bool((expected.norm(dim=1) < radius("paper_ball", 5)).all())
    torch.testing.assert_close(found.error, minimum, rtol=1e-5, atol=0)
    assert set(found.status) == {"converged"}


@SOLVERS
@pytest.mark.parametrize("latent_dim", [2, 5, 12])
def test_the_constrained_minimum_is_reached_where_projected_adam_does_not(make: type[Ours], latent_dim: int) -> None:
    matrix = random(20, latent_dim)
    far = random(16, 20, seed=3) + random(16, latent_dim, seed=4) @ matrix.T * 4
    targets, feasible = far[:, None, :, None], feasible_set("paper_ball", latent_dim)
    found = search(linear(matrix), targets, random(1, 16, latent_dim, seed=5), make())
    nearest = torch.tensor(np.stack([nearest_in_ball(matrix, x, feasible.outer) for x in far]), dtype=torch.float32)
    minimum = squared_error(linear(matrix)(nearest), targets)
    assert int((nearest.norm(dim=1) > 0.999 * feasible.outer).sum()) >= 8  # the ball binds for most
    torch.testing.assert_close(found.error, minimum, rtol=1e-5, atol=0)
    assert set(found.status) == {"converged"}
    gradient = 2 * (linear(matrix)(found.z) - targets).flatten(1) @ matrix
    assert float((feasible.projected_gradient(found.z, gradient).norm(dim=1) / gradient.norm(dim=1)).median()) < 1e-2


@SOLVERS
@pytest.mark.parametrize("latent_dim", [2, 5, 12])
def test_the_constrained_minimum_is_reached_on_a_shells_inner_sphere(make: type[Ours], latent_dim: int) -> None:
    """From several starts: on a sphere a quadratic can have a second minimum."""
    matrix = random(20, latent_dim)
    near, inner = random(16, 20, seed=3) / 20, feasible_set("shell", latent_dim).inner
    solver = make(feasible="shell", finalists=6) if make is BallLbfgs else make(feasible="shell")
    found = search(linear(matrix), near[:, None, :, None], random(6, 16, latent_dim, seed=5), solver)
    nearest = torch.tensor(np.stack([nearest_outside(matrix, x, inner) for x in near]), dtype=torch.float32)
    assert int((nearest.norm(dim=1) < 1.001 * inner).sum()) >= 12  # it binds for most
    minimum = squared_error(linear(matrix)(nearest), near[:, None, :, None])
    assert int((found.error <= minimum * (1 + 1e-3)).sum()) >= 15
    assert "budget spent" not in found.status


@SOLVERS
@pytest.mark.parametrize("latent_dim", [2, 8])
def test_curved_images_are_met(make: type[Ours], latent_dim: int) -> None:
    generate, truth = curved(latent_dim), random(20, latent_dim, seed=3) / 2
    starts = torch.stack([truth + random(20, latent_dim, seed=k) / 5 for k in (4, 5)])
    found = search(generate, generate(truth), starts, make(finalists=2) if make is BallLbfgs else make())
    assert float((found.error < 1e-6).float().mean()) == 1


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 1000),
    scale=st.floats(0.1, 30),
    steps=st.integers(1, 12),
    feasible=st.sampled_from(["paper_ball", "chi2_ball", "shell", "everything"]),
    name=st.sampled_from(sorted(NAMES)),
)
def test_what_is_found_is_feasible_and_no_worse_than_any_start(
    seed: int, scale: float, steps: int, feasible: str, name: str
) -> None:
    generate, targets = curved(4), random(3, 1, 3, 4, seed=seed + 1)
    starts = random(3, 3, 4, seed=seed) * scale
    solver = NAMES[name].model_validate({"steps": steps, "feasible": feasible})
    found = search(generate, targets, starts, solver)
    allowed = feasible_set(solver.feasible, 4)
    assert_feasible(found.z, allowed)
    for start in starts:
        assert bool((found.error <= squared_error(generate(allowed.project(start)), targets) * (1 + 1e-6)).all())
    torch.testing.assert_close(found.error, squared_error(generate(found.z), targets))


@SOLVERS
def test_an_image_does_not_depend_on_the_others_in_its_batch(make: type[Ours]) -> None:
    generate, targets, starts = curved(4), random(6, 1, 3, 4, seed=1), random(2, 6, 4, seed=2)
    together = search(generate, targets, starts, make())
    for i in range(6):
        alone = search(generate, targets[i : i + 1], starts[:, i : i + 1], make())
        torch.testing.assert_close(alone.error[0], together.error[i], rtol=1e-4, atol=1e-6)


@SOLVERS
def test_more_starts_never_hurt(make: type[Ours]) -> None:
    generate, targets, starts = curved(4), random(12, 1, 3, 4, seed=1), random(4, 12, 4, seed=2)
    solver = make(finalists=4)
    singly = torch.stack([search(generate, targets, start[None], solver).error for start in starts])
    together = search(generate, targets, starts, solver)
    torch.testing.assert_close(together.error, singly.amin(dim=0), rtol=1e-3, atol=1e-6)
    assert len(set(singly.argmin(dim=0).tolist())) > 1


@SOLVERS
def test_passes_are_those_that_the_generator_saw(make: type[Ours]) -> None:
    """A forward pass is seen as a row; a backward pass, and each column of a Jacobian, is counted beside it."""
    seen, network = 0, curved(3)

    def generate(z: Tensor) -> Tensor:
        nonlocal seen
        seen += len(z)
        return network(z)

    targets, starts = random(5, 1, 3, 4, seed=1), random(2, 5, 3, seed=2)
    found = search(generate, targets, starts, make(steps=6))
    spent = int(found.passes.sum())
    if make is BallLbfgs:
        assert spent == 2 * seen
    else:  # each Jacobian, of dim(z) + 1 passes, is seen once; every trial and start is one pass
        assert (spent - seen) % 3 == 0
        assert seen < spent <= seen * 4


@SOLVERS
def test_a_spent_budget_is_said(make: type[Ours]) -> None:
    generate, targets = curved(4), random(3, 1, 3, 4, seed=1)
    assert set(search(generate, targets, random(1, 3, 4), make(steps=1)).status) == {"budget spent"}


@SOLVERS
def test_images_that_are_met_at_the_start_are_left_there(make: type[Ours]) -> None:
    generate, z = curved(4), random(3, 4) / 2
    found = search(generate, generate(z), z[None], make())
    assert torch.equal(found.z, z)
    assert set(found.status) == {"converged"}
