"""What our solvers promise, whichever of them runs."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from raysweep.inversion import FeasibleSet, Inversion, ball_lbfgs, fast_equal, feasible_set, levenberg_marquardt, radius
from raysweep.inversion.problem import squared_error
from raysweep.inversion.shared import Shared
from raysweep.study import BallLbfgs, LevenbergMarquardt
from raysweep.study.architecture import ImageShape
from support.inversion_problems import (
    assert_feasible,
    curved,
    linear,
    nearest_in_ball,
    nearest_outside,
    random,
    untrained,
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


@given(
    curvature=st.lists(st.floats(1e-3, 1e3), min_size=3, max_size=3),
    right=st.lists(st.floats(-1e3, 1e3).filter(lambda b: abs(b) > 1e-3), min_size=3, max_size=3),
    inner=st.floats(0.1, 10),
)
def test_the_subproblem_on_a_shell(curvature: list[float], right: list[float], inner: float) -> None:
    """No point of a fine net on the inner sphere, nor any outside it on the same rays, is better."""
    C, b = torch.tensor([curvature], dtype=torch.float64), torch.tensor([right], dtype=torch.float64)
    shell = FeasibleSet(inner, 1e9)

    def value(w: Tensor) -> Tensor:
        return (C * w.square() / 2 - b * w).sum(dim=1)

    w = levenberg_marquardt.nearest_feasible(C, b, shell)
    assert float(w.norm()) >= inner * (1 - 1e-6)
    net = shell.project(inner * torch.nn.functional.normalize(random(2000, 3).double(), dim=1))
    scale = float(value(net).abs().max())
    assert float(value(w)) <= float(value(net).min()) + 1e-6 * scale
    assert float(value(w)) <= float(value(2 * net).min()) + 1e-6 * scale


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
    solver = make(finalists=4) if make is BallLbfgs else make()
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
    found = search(generate, targets, starts, solver)
    assert set(found.passes.tolist()) == {6 * 4 + 2 * 3 * 2}  # the start and one step from six, three more from two


def test_the_exact_jacobian() -> None:
    generate, z = curved(4), random(5, 4)
    images, columns = levenberg_marquardt.jacobian(generate, z)
    torch.testing.assert_close(images, generate(z).flatten(1))
    for i in range(5):
        expected = torch.autograd.functional.jacobian(lambda z: generate(z[None])[0].flatten(), z[i])
        torch.testing.assert_close(columns[i].T, expected)


def test_the_jacobian_of_our_rewritten_generator() -> None:
    network, z = untrained(3, ImageShape(1, 8), 4).double(), random(4, 3).double()
    _, columns = levenberg_marquardt.jacobian(fast_equal(network), z)
    step = 1e-6 * torch.eye(3, dtype=torch.float64)
    for k in range(3):
        expected = (network(z + step[k]) - network(z - step[k])).flatten(1) / 2e-6
        torch.testing.assert_close(columns[:, k], expected, rtol=1e-5, atol=1e-6)


@given(
    curvature=st.lists(st.floats(1e-6, 1e6), min_size=3, max_size=3),
    right=st.lists(st.floats(-1e6, 1e6), min_size=3, max_size=3),
    limit=st.floats(0.1, 10),
)
def test_the_subproblem_on_the_ball(curvature: list[float], right: list[float], limit: float) -> None:
    C, b = torch.tensor([curvature], dtype=torch.float64), torch.tensor([right], dtype=torch.float64)
    w = levenberg_marquardt.nearest_feasible(C, b, FeasibleSet(0.0, limit))
    free = b / C
    if float(free.norm()) <= limit:
        assert torch.equal(w, free)
    else:  # on the sphere, with a multiplier that is the same for all coordinates
        assert float(w.norm()) == pytest.approx(limit, rel=1e-6)
        assert float((b - C * w).mul(w).sum()) >= 0
