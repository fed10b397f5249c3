import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn.functional import normalize

from raysweep.radius import Radii, class_radius, make_bank
from raysweep.radius.boundary import FINE, ROUGH

Logits = Callable[[Tensor], Tensor]
DEFAULTS: dict[str, int] = {"bank_starts": 4, "ray_starts": 4, "projections": 6}


def random(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def search(logits: Logits, z: Tensor, bank: int = 2000, rays: int = 32, **settings: int) -> Radii:
    latent_dim = z.shape[1]
    noise = random(len(z), rays, latent_dim, seed=2)
    return class_radius(logits, z, make_bank(logits, random(bank, latent_dim, seed=1)), noise, **DEFAULTS | settings)


def half_spaces(bound: float) -> Logits:
    """Two classes: z₁ below `bound`, and above."""
    return lambda z: torch.stack([bound - z[:, 0], z[:, 0] - bound], dim=1)


def shell(radius: float) -> Logits:
    """Two classes: ‖z‖ below `radius`, and above."""
    return lambda z: torch.stack([radius**2 - z.square().sum(dim=1), z.square().sum(dim=1) - radius**2], dim=1)


class Lattice:
    """A linear generator x = Az, and the classes of the nearest of 25 points on a 5 × 5 lattice.

    A class is a convex cell, so the nearest other class is as far as the nearest of the planes between z's point and
    another one.
    """

    def __init__(self, latent_dim: int) -> None:
        self.matrix = random(2, latent_dim, seed=3) / math.sqrt(latent_dim)
        ticks = torch.linspace(-1.6, 1.6, 5)
        self.points = torch.cartesian_prod(ticks, ticks)

    def __call__(self, z: Tensor) -> Tensor:
        return -(z @ self.matrix.T)[:, None].sub(self.points).square().sum(dim=2)

    def radius(self, z: Tensor) -> Tensor:
        logits = self(z)
        label = logits.argmax(dim=1)
        margins = logits.amax(dim=1, keepdim=True) - logits
        normals = 2 * (self.points[label][:, None] - self.points) @ self.matrix
        return (margins / normals.norm(dim=2)).scatter(1, label[:, None], math.inf).amin(dim=1)


class Wedge:
    """Two classes, one of them where n₁ · z ≥ 1 and n₂ · z ≥ 1: an edge of 60 degrees, in any dimension."""

    def __init__(self, latent_dim: int) -> None:
        self.normals = torch.zeros(2, latent_dim)
        self.normals[:, 0], self.normals[:, 1] = math.sin(math.pi / 6), torch.tensor([1, -1]) * math.cos(math.pi / 6)

    def __call__(self, z: Tensor) -> Tensor:
        margin = (1 - z @ self.normals.T).amax(dim=1)
        return torch.stack([margin, -margin], dim=1)

    def radius(self, z: Tensor) -> Tensor:
        """From outside: the distance to the nearest point of one of the planes, or of their edge."""
        short = 1 - z @ self.normals.T
        edge = (torch.linalg.solve(self.normals @ self.normals.T, short.T).T @ self.normals).norm(dim=1)
        cosine = self.normals[0] @ self.normals[1]
        first, second = short[:, 0], short[:, 1]
        return torch.where(second <= cosine * first, first, torch.where(first <= cosine * second, second, edge))


def check(found: Radii, logits: Logits, truth: Tensor) -> None:
    """The radii are those of witnesses of another class, and at most 1 % too large in the mean."""
    assert bool(found.found.all())
    assert bool((found.radius >= truth * (1 - 1e-5) - 1e-6).all())
    assert float(found.radius.mean() / truth.mean()) < 1.01
    assert torch.equal(logits(found.witness).argmax(dim=1), found.other_label)
    assert bool((found.other_label != found.label).all())


@pytest.mark.parametrize("latent_dim", [1, 2, 10, 64])
def test_the_distance_to_a_half_space(latent_dim: int) -> None:
    z = random(100, latent_dim)
    check(search(half_spaces(0.3), z), half_spaces(0.3), (z[:, 0] - 0.3).abs())


def test_two_half_spaces_have_the_radius_of_the_lemma() -> None:
    found = search(half_spaces(0.0), random(4000, 3), bank=500)
    deviation = math.sqrt((1 - 2 / math.pi) / 4000)
    assert float(found.radius.mean()) == pytest.approx(math.sqrt(2 / math.pi), abs=3 * deviation)


@pytest.mark.parametrize("latent_dim", [2, 10])
def test_the_distance_in_a_lattice_of_classes(latent_dim: int) -> None:
    lattice, z = Lattice(latent_dim), random(200, latent_dim)
    assert len(lattice(z).argmax(dim=1).unique()) > 10
    check(search(lattice, z), lattice, lattice.radius(z))


@pytest.mark.parametrize("latent_dim", [2, 10])
def test_the_distance_to_a_curved_boundary(latent_dim: int) -> None:
    z, middle = random(100, latent_dim), math.sqrt(latent_dim)
    check(search(shell(middle), z), shell(middle), (z.norm(dim=1) - middle).abs())


@pytest.mark.parametrize("latent_dim", [2, 10, 64])
@pytest.mark.parametrize("settings", [{}, {"bank_starts": 1, "ray_starts": 0}])
def test_the_distance_to_an_edge(latent_dim: int, settings: dict[str, int]) -> None:
    """Each plane alone points past the edge, where the nearest point of most samples lies."""
    wedge, z = Wedge(latent_dim), random(300, latent_dim)
    z = z[wedge(z)[:, 0] > 0]
    found = search(wedge, z, **settings)
    check(found, wedge, wedge.radius(z))
    assert float(found.converged.float().mean()) > 0.99


def test_a_search_that_has_not_come_to_rest_gets_more_passes() -> None:
    wedge, z = Wedge(10), random(100, 10)
    z = z[wedge(z)[:, 0] > 0]
    few = {"bank_starts": 1, "ray_starts": 0}
    at_edge, at_plane = search(wedge, z, **few), search(half_spaces(1.0), z, **few)
    assert float(at_edge.evaluations.float().mean()) > 3 * float(at_plane.evaluations.float().mean())


def test_a_start_that_came_to_rest_is_told_from_one_that_ran_out_of_steps() -> None:
    z = random(100, 10)
    assert bool(search(half_spaces(0.3), z).converged.all())
    assert not bool(search(half_spaces(0.3), z, projections=0).converged.any())


def test_one_affine_boundary_needs_few_passes() -> None:
    """The gradient leads to it in one step, and all other starts end there too."""
    found = search(half_spaces(0.3), random(100, 10), ray_starts=0, bank_starts=0)
    assert int(found.evaluations.max()) <= 16


@pytest.mark.parametrize("settings", [{"bank_starts": 0}, {"ray_starts": 0}, {"projections": 0}])
def test_each_part_of_the_search_can_be_left_out(settings: dict[str, int]) -> None:
    lattice, z = Lattice(2), random(50, 2)
    found = search(lattice, z, **settings)
    assert bool((found.radius >= lattice.radius(z) * (1 - 1e-5)).all())
    assert float(found.radius.mean() / lattice.radius(z).mean()) < 1.1


def test_the_ray_that_is_first_to_meet_another_class_is_found() -> None:
    z, directions = random(200, 5), normalize(random(200, 16, 5, seed=2), dim=2)
    bank = replace(make_bank(half_spaces(0.3), random(100, 5, seed=1)), slopes=torch.eye(5))
    found = class_radius(half_spaces(0.3), z, bank, directions, bank_starts=0, ray_starts=1, projections=0)
    lengths = (0.3 - z[:, :1]) / directions[:, :, 0]
    nearest = lengths.masked_fill(lengths < 0, math.inf).amin(dim=1)
    assert bool(found.found.all())
    # Rays are ranked by their rough brackets, and the best is bracketed finely.
    torch.testing.assert_close(found.radius, nearest, rtol=ROUGH / (1 - ROUGH) + FINE, atol=0)


def test_rays_go_where_classes_change() -> None:
    """Of a function of two directions of 64, gradients lie in their plane, and rays with them but for a small share."""
    lattice = Lattice(64)
    slopes = make_bank(lattice, random(1000, 64, seed=1)).slopes
    rays = random(500, 64, seed=2) @ slopes
    plane = torch.linalg.qr(lattice.matrix.T).Q
    in_plane = (rays @ plane).square().sum() / rays.square().sum()
    assert float(in_plane) == pytest.approx(1 / 1.1, abs=0.05)


def test_more_projections_come_nearer() -> None:
    lattice, z = Lattice(10), random(100, 10)
    with_none, with_six = search(lattice, z, projections=0, ray_starts=0), search(lattice, z)
    assert float(with_six.radius.mean()) < 0.8 * float(with_none.radius.mean())


def test_a_generator_of_one_class_has_no_other_class() -> None:
    def one_class(z: Tensor) -> Tensor:
        return torch.stack([torch.ones(len(z)), z[:, 0] * 0, torch.zeros(len(z))], dim=1)

    z = random(5, 3)
    found = search(one_class, z)
    assert not bool(found.found.any())
    assert bool((found.radius == math.inf).all())
    assert torch.equal(found.other_label, found.label)
    assert torch.equal(found.witness, z)


def test_a_flat_classifier_is_bisected() -> None:
    """Without gradients there is no plane to project to."""

    def steps(z: Tensor) -> Tensor:
        return torch.stack([(z[:, 0] > 0).float(), (z[:, 0] <= 0).float()], dim=1) + 0 * z[:, :2]

    z = random(50, 2)
    found = search(steps, z)
    assert bool(found.radius.isfinite().all())
    assert bool((found.radius >= z[:, 0].abs() * (1 - 1e-5)).all())


@pytest.mark.parametrize("classes", [Lattice, Wedge])
def test_evaluations_are_what_passed_through_the_generator(classes: type[Lattice | Wedge]) -> None:
    passes = 0

    def counted(z: Tensor) -> Tensor:
        nonlocal passes
        passes += len(z)
        values = classes(4)(z)
        if values.requires_grad:
            values.register_hook(count_backward)
        return values

    def count_backward(gradient: Tensor) -> None:
        nonlocal passes
        passes += len(gradient)

    found = search(counted, random(30, 4), bank=100)
    # The bank takes a pass of each latent, and two for its margin's gradient.
    assert int(found.evaluations.sum()) == passes - 300


@pytest.mark.parametrize("classes", [Lattice, Wedge])
def test_a_sample_does_not_depend_on_the_others_in_its_batch(classes: type[Lattice | Wedge]) -> None:
    lattice, z = classes(6), random(20, 6)
    bank = make_bank(lattice, random(500, 6, seed=1))
    noise = random(20, 16, 6, seed=2)
    together = class_radius(lattice, z, bank, noise, **DEFAULTS)
    for i in range(20):
        alone = class_radius(lattice, z[i : i + 1], bank, noise[i : i + 1], **DEFAULTS)
        torch.testing.assert_close(alone.radius[0], together.radius[i], rtol=1e-4, atol=1e-6)
        assert int(alone.evaluations[0]) == int(together.evaluations[i])


def test_parameters_get_no_gradients() -> None:
    network = torch.nn.Linear(3, 4)
    network.requires_grad_(False)
    found: Any = search(network, random(5, 3))
    assert all(not value.requires_grad for value in vars(found).values())
    assert all(parameter.grad is None for parameter in network.parameters())
