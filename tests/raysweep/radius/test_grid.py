import math

import pytest
import torch
from torch import Tensor, nn

from raysweep.radius import (
    GridRadii,
    Problem,
    Within,
    class_radius,
    grid_radius,
    halving_moves,
    make_bank,
    nearest_point,
)
from raysweep.radius.exact import affine_radius

TICKS = torch.linspace(-1.6, 1.6, 5)
POINTS = torch.cartesian_prod(TICKS, TICKS)
MATRIX = torch.tensor([[1.0, 0.4], [-0.3, 0.8]])
LATTICE = Problem(lambda z: z @ MATRIX.T, nearest_point(POINTS), latent_dim=2)
DISC = Problem(lambda z: z, Within(torch.zeros(2), math.sqrt(2)), latent_dim=2)
TOLERANCE = 1e-3


def check(problem: Problem, z: Tensor, found: GridRadii, truth: Tensor) -> None:
    assert bool((found.lower <= truth + 1e-6).all())
    assert bool((found.radius >= truth - 1e-6).all())
    assert bool((found.radius <= truth + TOLERANCE + 1e-6).all())
    assert bool((problem.labels(found.witness) != problem.labels(z)).all())
    torch.testing.assert_close((found.witness - z).norm(dim=1), found.radius)


def test_a_lattice_has_its_closed_form() -> None:
    z = LATTICE.sample(60, seed=0)
    scores = LATTICE.logits(z)
    weight, bias = POINTS @ MATRIX, -POINTS.square().sum(dim=1) / 2
    torch.testing.assert_close(scores, z @ weight.T + bias)
    found = grid_radius(LATTICE, z, spacing=0.1, tolerance=TOLERANCE)
    check(LATTICE, z, found, affine_radius(weight, bias, z))


def test_the_class_within_epsilon_of_a_reference_is_a_disc() -> None:
    z = DISC.sample(60, seed=0)
    found = grid_radius(DISC, z, spacing=0.1, tolerance=TOLERANCE)
    check(DISC, z, found, (z.norm(dim=1) - math.sqrt(2)).abs())


def test_the_search_is_never_below_what_the_grid_excludes() -> None:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 4)).requires_grad_(False)
    problem = Problem(lambda z: 3 * z, network, latent_dim=2)
    z = problem.sample(60, seed=0)
    bank = make_bank(problem.logits, problem.sample(500, seed=1))
    searched = class_radius(problem.logits, z, bank, torch.zeros(60, 0, 2), bank_starts=4, ray_starts=0, projections=6)
    found = grid_radius(problem, z, spacing=0.1, tolerance=TOLERANCE)
    assert bool((searched.radius >= found.lower - 1e-6).all())


def test_an_island_smaller_than_the_spacing_is_seen_once_it_is_halved() -> None:
    """The island lies around a point of the finer grid that the coarser one lacks."""
    island = Problem(lambda z: z, Within(torch.tensor([0.25, 0.25]), 0.01), latent_dim=2)
    z = torch.zeros(1, 2)
    blind = grid_radius(island, z, spacing=0.5, farthest=2.0)
    assert float(blind.radius) == math.inf
    assert float(blind.lower) == 2.0
    assert float(halving_moves(island, z, blind, spacing=0.5)) == math.inf


def test_bad_input_is_refused() -> None:
    with pytest.raises(ValueError, match="two latents"):
        grid_radius(Problem(lambda z: z, nearest_point(torch.eye(3)), 3), torch.zeros(1, 3))
    with pytest.raises(ValueError, match="beyond farthest"):
        grid_radius(DISC, torch.full((1, 2), 20.0))
    with pytest.raises(ValueError, match="epsilon"):
        Within(torch.zeros(2), -1.0)


def test_half_spaces_and_classes_that_never_change() -> None:
    z = torch.tensor([[0.5, 7.0], [-2.0, 0.0]])
    assert affine_radius(torch.tensor([[1.0, 0.0], [-1.0, 0.0]]), torch.zeros(2), z).tolist() == [0.5, 2.0]
    assert affine_radius(torch.zeros(2, 2), torch.tensor([1.0, 0.0]), z).tolist() == [math.inf, math.inf]
