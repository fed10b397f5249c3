import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from raysweep.inversion import fast_equal
from raysweep.radius import Problem, certified_radius, grid_radius, nearest_point
from raysweep.radius.exact import affine_radius

POINTS = torch.cartesian_prod(torch.linspace(-1.6, 1.6, 5), torch.linspace(-1.6, 1.6, 5))


def random_network(*layers: nn.Module) -> nn.Sequential:
    """With normal weights and biases and, where it normalises, uneven statistics."""
    stream = torch.Generator().manual_seed(0)
    network = nn.Sequential(*layers).eval().requires_grad_(False)
    for name, values in network.state_dict().items():
        if values.is_floating_point():
            drawn = torch.randn(values.shape, generator=stream) / max(1, values[0].numel()) ** 0.5
            values.copy_(drawn.abs() + 0.5 if name.endswith("running_var") else drawn)
    return network


def convolutional() -> nn.Sequential:
    return random_network(
        nn.Linear(2, 16),
        nn.Unflatten(1, (1, 4, 4)),
        nn.Conv2d(1, 4, 3, padding=1),
        nn.BatchNorm2d(4),
        nn.LeakyReLU(0.2),
        nn.Conv2d(4, 2, 3, stride=2, bias=False),
        nn.Flatten(),
        nn.Linear(2, 3),
    )


def image_generator(activation: nn.Module) -> nn.Sequential:
    """As the studies' generators with their classifier: transposed convolutions, resizing, pooling."""
    return random_network(
        nn.Linear(2, 8, bias=False),
        nn.Unflatten(1, (2, 2, 2)),
        nn.BatchNorm2d(2),
        nn.ReLU(),
        nn.ConvTranspose2d(2, 2, 4, stride=2, padding=1),
        nn.LeakyReLU(0.2),
        nn.Upsample(scale_factor=2, mode="nearest"),
        nn.Conv2d(2, 1, 3, padding=1),
        activation,
        nn.Conv2d(1, 2, 3, padding=1),
        nn.MaxPool2d(2),
        nn.AvgPool2d(2),
        nn.Flatten(),
        nn.Linear(8, 3),
    )


def dense(activation: nn.Module) -> nn.Sequential:
    return random_network(
        nn.Linear(2, 16), nn.BatchNorm1d(16), activation, nn.Linear(16, 16), activation, nn.Linear(16, 5, bias=False)
    )


def sample(latent_dim: int, count: int = 60) -> Tensor:
    return torch.randn(count, latent_dim, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("latent_dim", [2, 10, 64])
def test_an_affine_network_gets_its_radius(latent_dim: int) -> None:
    network = nn.Sequential(random_network(nn.Linear(latent_dim, 2)), nearest_point(POINTS))
    z = sample(latent_dim)
    generator: Tensor = network[0][0].weight
    scores = network(torch.zeros(1, latent_dim))[0]
    exact = affine_radius(POINTS @ generator, scores, z).double()
    proved = certified_radius(network, z, 1.5 * exact)
    assert bool((proved <= exact + 1e-5).all())
    assert bool((proved >= exact * (1 - 1e-3) - 1e-5).all())


@pytest.mark.parametrize(
    "network",
    [
        dense(nn.ReLU()),
        dense(nn.LeakyReLU(0.2)),
        dense(nn.Tanh()),
        dense(nn.Sigmoid()),
        convolutional(),
        image_generator(nn.Tanh()),
        image_generator(nn.Sigmoid()),
    ],
    ids=["relu", "leaky", "tanh", "sigmoid", "convolutional", "image, tanh", "image, sigmoid"],
)
@pytest.mark.slow
def test_it_is_never_above_the_grid_and_not_vacuous(network: nn.Sequential) -> None:
    z = sample(2)
    found = grid_radius(Problem(network.double(), nn.Identity(), 2), z.double(), spacing=0.1, tolerance=1e-3)
    proved = certified_radius(network, z, found.radius)
    assert bool((proved <= found.radius).all())
    assert float((proved > 0).double().mean()) > 0.9
    assert float(proved.clamp(max=4).mean() / found.radius.clamp(max=4).mean()) > 0.2


def test_no_point_drawn_in_the_ball_is_of_another_class() -> None:
    network = random_network(nn.Linear(6, 32), nn.Tanh(), nn.Linear(32, 8)).double()
    z = sample(6).double()
    proved = certified_radius(network, z, torch.full((60,), torch.inf))
    directions = nn.functional.normalize(
        torch.randn(60, 500, 6, generator=torch.Generator().manual_seed(2)).double(), dim=2
    )
    labels = network(z[:, None] + proved[:, None, None] * directions).argmax(dim=2)
    assert bool((labels == network(z).argmax(dim=1)[:, None]).all())


class Doubled(nn.Linear):
    """As layers with equalised learning rates do, it computes something else than its class says."""

    def forward(self, values: Tensor) -> Tensor:
        return 2 * super().forward(values)


def hooked(layer: nn.Module) -> nn.Module:
    layer.register_forward_hook(lambda module, inputs, outputs: 2 * outputs)
    return layer


@pytest.mark.parametrize(
    "network",
    [
        fast_equal(image_generator(nn.Tanh()), torch.randn(4, 2)),
        nn.Sequential(spectral_norm(nn.Linear(2, 4)), nn.Identity(), nn.Dropout(), nn.ReLU(), nn.Linear(4, 3)).eval(),
    ],
    ids=["rewritten", "spectral norm, dropout and identity"],
)
def test_equal_networks_have_bounds_too(network: nn.Module) -> None:
    proved = certified_radius(network, sample(2), torch.full((60,), torch.inf))
    assert bool((proved > 0).any())


@pytest.mark.parametrize(
    ("network", "message"),
    [
        (nn.Sequential(nn.Unflatten(1, (1, 2, 1)), nn.MaxPool2d(2, 1), nn.Flatten()), "no bounds for MaxPool2d"),
        (nn.Sequential(nn.Unflatten(1, (1, 2, 1)), nn.Upsample(mode="bicubic")), "no bounds for Upsample"),
        (nn.Sequential(nn.Linear(2, 2), nn.Softplus(), nn.Linear(2, 2)), "no bounds for Softplus"),
        (nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2), nn.Linear(2, 2)), "evaluation mode"),
        (nn.Sequential(nn.Linear(2, 2), nn.Tanh()), "ends in the Linear"),
        (nn.Sequential(nn.Linear(2, 2), nn.LeakyReLU(2.0), nn.Linear(2, 2)), "no bounds for LeakyReLU"),
        (nn.Sequential(Doubled(2, 2), nn.ReLU(), nn.Linear(2, 2)), "no bounds for"),
        (nn.Sequential(hooked(nn.Linear(2, 2)), nn.ReLU(), nn.Linear(2, 2)), "no bounds for"),
        (hooked(nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 2))), "no bounds for"),
    ],
)
def test_other_networks_are_refused(network: nn.Sequential, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        certified_radius(network, sample(2), torch.ones(60))
