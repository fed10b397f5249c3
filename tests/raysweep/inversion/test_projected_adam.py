import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from raysweep.inversion import feasible_set, radius
from raysweep.inversion.problem import squared_error
from raysweep.inversion.projected_adam import invert
from raysweep.study import ProjectedAdam
from support.inversion_problems import assert_feasible, curved, linear, nearest_in_ball, random


def test_a_linear_generator_is_inverted_as_in_closed_form() -> None:
    matrix, targets = random(20, 5).double(), random(8, 1, 20, 1, seed=3).double()
    search = ProjectedAdam(steps=2000, learning_rate=0.02)
    found = invert(linear(matrix), targets, random(1, 8, 5, seed=5).double(), search)
    expected = torch.linalg.lstsq(matrix, targets.flatten(1).T).solution.T
    assert bool((expected.norm(dim=1) < radius("paper_ball", 5)).all())
    torch.testing.assert_close(found.z, expected, rtol=0, atol=1e-4)
    torch.testing.assert_close(found.error, squared_error(linear(matrix)(expected), targets))
    assert set(found.status) == {"converged"}
    assert found.passes.tolist() == [4001] * 8


def test_on_the_ball_the_minimum_is_reached_where_all_components_are_alike() -> None:
    rotation = torch.linalg.qr(random(20, 5)).Q.double()
    targets = (rotation @ torch.full((5,), 10.0, dtype=torch.float64))[None, None, :, None]
    search = ProjectedAdam(steps=1000, learning_rate=0.05, betas=(0.9, 0.99))
    found = invert(linear(rotation), targets, random(1, 1, 5, seed=5).double(), search)
    limit = radius("paper_ball", 5)
    torch.testing.assert_close(found.z, torch.full_like(found.z, limit / math.sqrt(5)), rtol=1e-4, atol=0)
    assert found.error.item() == pytest.approx((10 * math.sqrt(5) - limit) ** 2, rel=1e-5)
    assert found.status == ("converged",)


def test_on_the_ball_adam_ends_above_the_minimum_and_does_not_claim_otherwise() -> None:
    """Where the ball binds, the gradient does not vanish, and Adam follows its signs rather than its direction."""
    matrix = random(20, 5)
    far = random(8, 20, seed=3) + random(8, 5, seed=4) @ matrix.T * 4
    targets, limit = far[:, None, :, None], radius("paper_ball", 5)
    found = invert(linear(matrix), targets, random(1, 8, 5, seed=5), ProjectedAdam(steps=2000, learning_rate=0.02))
    nearest = torch.tensor(np.stack([nearest_in_ball(matrix, x, limit) for x in far]), dtype=torch.float32)
    minimum = squared_error(linear(matrix)(nearest), targets)
    torch.testing.assert_close(nearest.norm(dim=1), torch.full((8,), limit))
    torch.testing.assert_close(found.z.norm(dim=1), torch.full((8,), limit))
    excess = found.error / minimum - 1
    assert bool((excess >= -1e-5).all())
    assert 0.05 < float(excess.mean()) < 0.2
    assert "converged" not in found.status


def test_without_a_constraint_it_is_torchs_adam() -> None:
    generate, targets, start = curved(6), random(4, 1, 3, 4, seed=7), random(1, 4, 6, seed=8)
    search = ProjectedAdam(steps=50, learning_rate=0.3, betas=(0.9, 0.99), feasible="everything")
    found = invert(generate, targets, start, search)
    z = nn.Parameter(start[0].clone())
    optimizer = torch.optim.Adam([z], lr=0.3, betas=(0.9, 0.99))
    iterates, errors = [], []
    for _ in range(51):
        error = squared_error(generate(z), targets)
        iterates.append(z.detach().clone())
        errors.append(error.detach())
        optimizer.zero_grad()
        error.sum().backward()
        optimizer.step()
    best = torch.stack(errors).argmin(dim=0)
    assert len(set(best.tolist())) > 1  # the best iterate is not simply the last
    torch.testing.assert_close(found.z, torch.stack(iterates)[best, torch.arange(4)], rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(found.error, torch.stack(errors).amin(dim=0), rtol=1e-5, atol=1e-6)


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 1000),
    scale=st.floats(0.1, 30),
    learning_rate=st.floats(1e-3, 10),
    feasible=st.sampled_from(["paper_ball", "chi2_ball", "shell", "everything"]),
)
def test_what_is_found_is_feasible_and_no_worse_than_the_start(
    seed: int, scale: float, learning_rate: float, feasible: str
) -> None:
    generate, targets = curved(4), random(3, 1, 3, 4, seed=seed + 1)
    start = random(1, 3, 4, seed=seed) * scale
    search = ProjectedAdam.model_validate({"steps": 5, "learning_rate": learning_rate, "feasible": feasible})
    found = invert(generate, targets, start, search)
    allowed = feasible_set(search.feasible, 4)
    assert_feasible(found.z, allowed)
    assert bool((found.error <= squared_error(generate(allowed.project(start[0])), targets)).all())
    torch.testing.assert_close(found.error, squared_error(generate(found.z), targets))


def test_an_image_does_not_depend_on_the_others_in_its_batch() -> None:
    generate, targets, starts = curved(4), random(6, 1, 3, 4, seed=1), random(1, 6, 4, seed=2)
    search = ProjectedAdam(steps=40, learning_rate=0.05)
    together = invert(generate, targets, starts, search)
    for i in range(6):
        alone = invert(generate, targets[i : i + 1], starts[:, i : i + 1], search)
        torch.testing.assert_close(alone.z[0], together.z[i], rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(alone.error[0], together.error[i], rtol=1e-4, atol=1e-5)


def test_the_best_of_several_starts_is_kept() -> None:
    generate, targets, starts = curved(4), random(6, 1, 3, 4, seed=1), random(3, 6, 4, seed=2)
    search = ProjectedAdam(steps=30, learning_rate=0.05)
    singly = [invert(generate, targets, start[None], search) for start in starts]
    several = ProjectedAdam(steps=30, learning_rate=0.05, restarts=3)
    together = invert(generate, targets, starts, several)
    winner = torch.stack([one.error for one in singly]).argmin(dim=0).tolist()
    assert len(set(winner)) > 1
    for i, k in enumerate(winner):
        assert together.error[i] == singly[k].error[i]
        assert torch.equal(together.z[i], singly[k].z[i])
        assert together.status[i] == singly[k].status[i]
    assert together.passes.tolist() == [3 * 61] * 6


def test_the_status_says_how_a_search_ended() -> None:
    slope = linear(torch.ones(1, 1) * 1.0)
    target = torch.zeros(1, 1, 1, 1)

    def status(start: float, steps: int, learning_rate: float) -> str:
        search = ProjectedAdam(steps=steps, learning_rate=learning_rate, feasible="everything")
        return invert(slope, target, torch.full((1, 1, 1), start), search).status[0]

    assert status(10.0, 20, 0.01) == "budget spent"  # 0.2 of a way of 10
    assert status(10.0, 2000, 0.1) == "converged"
    assert status(10.0, 50, 1e-7) == "stalled"  # steps too small to matter
