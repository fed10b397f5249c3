"""The bound by definition where a network is affine, and above every Jacobian where it is not."""

import pytest
import torch
from torch import Tensor, nn

from raysweep.measures.lipschitz import lipschitz_bound


def jacobian_norm(network: nn.Module, image: Tensor) -> float:
    jacobian = torch.autograd.functional.jacobian(lambda pixels: network(pixels[None])[0], image).flatten(1)
    return float(torch.linalg.matrix_norm(jacobian, 2))


def convolutions(activation: nn.Module) -> nn.Sequential:
    torch.manual_seed(0)
    norm = nn.BatchNorm2d(4)
    norm.running_var.copy_(torch.rand(4) + 0.1)  # type: ignore[union-attr]
    nn.init.uniform_(norm.weight, -2, 2)
    body = nn.Sequential(nn.Conv2d(1, 4, 4, 2, 1), norm, activation, nn.Flatten())
    return nn.Sequential(body, nn.Linear(4 * 4 * 4, 3)).eval()


def test_it_is_exact_without_activations() -> None:
    network = convolutions(nn.Identity())
    del network[0][2]  # type: ignore[union-attr]
    image = torch.zeros(1, 8, 8)
    assert lipschitz_bound(network, image[None]) == pytest.approx(jacobian_norm(network, image), rel=1e-4)


def test_it_is_exact_for_one_output() -> None:
    network = nn.Sequential(nn.Flatten(), nn.Linear(16, 1))
    image = torch.zeros(1, 4, 4)
    assert lipschitz_bound(network, image[None]) == pytest.approx(jacobian_norm(network, image), rel=1e-4)


def test_a_constant_network_has_none() -> None:
    network = nn.Sequential(nn.Flatten(), nn.Linear(16, 3))
    nn.init.zeros_(network[1].weight)  # type: ignore[arg-type]
    assert lipschitz_bound(network, torch.zeros(1, 1, 4, 4)) == 0


def test_no_jacobian_is_steeper() -> None:
    network = convolutions(nn.ReLU())
    images = torch.randn(20, 1, 8, 8, generator=torch.Generator().manual_seed(1))
    bound = lipschitz_bound(network, images)
    assert bound is not None
    steepest = max(jacobian_norm(network, image) for image in images)
    assert 0.1 * bound < steepest <= bound


def test_it_says_nothing_of_layers_that_it_does_not_know() -> None:
    assert lipschitz_bound(convolutions(nn.Tanh()), torch.zeros(1, 1, 8, 8)) is None
