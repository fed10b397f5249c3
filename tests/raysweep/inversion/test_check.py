"""Mistakes in what is given to be inverted are named before any search."""

from functools import partial

import pytest
import torch
from torch import Tensor, nn

from raysweep.errors import UserError
from raysweep.inversion import invert
from support.inversion_problems import random

IMAGES = random(4, 1, 3, 4, seed=1)


def make_network() -> nn.Sequential:
    return nn.Sequential(nn.Linear(8, 12), nn.BatchNorm1d(12), nn.Tanh(), nn.Unflatten(1, (1, 3, 4))).eval()


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (IMAGES[:, 0], r"images: of shape \(4, 3, 4\).*give images of shape \(count, 1, 3, 4\)"),
        (IMAGES.mT, r"images: of shape \(4, 1, 4, 3\)"),
        (IMAGES.double(), r"images: of type torch.float64.*give images.to\(torch.float32\)"),
        (IMAGES.to(torch.uint8), "images: of type torch.uint8; give floating-point values"),
        (IMAGES[0, 0, 0], r"images: .*at least one image"),
        (IMAGES[:0], r"images: .*at least one image"),
    ],
    ids=["no channel", "turned", "float64", "bytes", "a row", "none"],
)
def test_images_that_do_not_fit_are_named(images: Tensor, message: str) -> None:
    network = make_network().double() if images.dtype == torch.float32 and images is IMAGES else make_network()
    with pytest.raises(UserError, match=message):
        invert(lambda z: network(z.float()), images, latent_dim=8)


@pytest.mark.parametrize(
    ("generator", "message"),
    [
        (lambda z: (IMAGES[:1].expand(len(z), -1, -1, -1), z), "generator: gives a tuple; .*images alone"),
        (lambda z: z.sum(), "generator: makes a tensor of shape .* of 16 latents"),
        (lambda z: IMAGES + z[:, :1].view(-1, 1, 1, 1), "generator: fails on latents .*any number of latents"),
        (nn.Sequential(nn.ConvTranspose2d(8, 1, (3, 4))), r"takes latents of shape \(count, dim\(z\), 1, 1\)"),
        (nn.Sequential(nn.Linear(7, 12), nn.Unflatten(1, (1, 3, 4))), r"any number of latents, \(count, 8\)"),
        (lambda z: (z - z.mean(dim=0)).repeat(1, 2)[:, :12].view(-1, 1, 3, 4), "treat each alone"),
    ],
    ids=["a tuple", "a number", "a fixed batch", "latents like images", "another dim", "the batch counts"],
)
def test_generators_that_cannot_be_inverted_are_named(generator: nn.Module, message: str) -> None:
    with pytest.raises(UserError, match=message):
        invert(generator, IMAGES, latent_dim=8)


TRAINED = make_network()


def decode(z: Tensor) -> Tensor:
    images: Tensor = TRAINED(z)
    return images


@pytest.mark.parametrize("how", ["closure", "global", "method", "partial"])
def test_a_network_in_training_mode_is_refused_and_left_as_it_was(how: str) -> None:
    network = TRAINED.train()
    generator = {
        "closure": lambda z: network(z.float()),
        "global": decode,
        "method": network.forward,
        "partial": partial(lambda net, z: net(z), network),
    }[how]
    before = {name: value.clone() for name, value in network.state_dict().items()}
    with pytest.raises(UserError, match=r"training mode \(it has a BatchNorm1d\).*\.eval\(\)"):
        invert(generator, IMAGES, latent_dim=8)
    for name, value in network.state_dict().items():
        assert torch.equal(value, before[name])
    found = invert(network, IMAGES, latent_dim=8)  # a module is copied, so that its mode does not matter
    assert found.z.shape == (4, 8)
    assert network.training
