import copy
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from raysweep.models import spectral_norm
from raysweep.models.learner import Learner
from raysweep.study import Gan


def a_stream() -> torch.Generator:
    return torch.Generator().manual_seed(3)


def images(count: int) -> Tensor:
    return torch.rand(count, 1, 8, 8, generator=a_stream()) * 2 - 1


def effective_weights(network: nn.Module) -> list[Tensor]:
    """What the layers multiply by, as matrices with a row for every output."""
    layers = [module for module in network.modules() if isinstance(module, nn.Linear | nn.Conv2d)]
    return [layer.weight.detach().flatten(1) for layer in layers]


@pytest.mark.parametrize("layers", ["dcgan", "mlp"])
def test_spectral_norm_finds_the_largest_singular_values(make: Callable[..., Learner], layers: str) -> None:
    plain = make(Gan(width=6, layers=layers)).networks["discriminator"]
    normed = make(Gan(width=6, layers=layers, spectral_norm=True)).networks["discriminator"]
    for _ in range(2_000):
        spectral_norm.iterate(normed)
    for original, effective in zip(effective_weights(plain), effective_weights(normed), strict=True):
        sigma = torch.linalg.svdvals(original.double())[0]
        torch.testing.assert_close(effective.double(), original.double() / sigma, rtol=1e-3, atol=1e-6)
        assert float(torch.linalg.svdvals(effective)[0]) == pytest.approx(1, abs=1e-3)


def test_spectral_norms_gradient_holds_the_singular_vectors_constant() -> None:
    """Of <A, W / σ>: (A - <A, W / σ> u vᵀ) / σ. Source: Miyato et al. (2018), Eq. 11."""
    layer = nn.Linear(5, 3)
    original = layer.weight.detach().clone()
    spectral_norm.normalise(layer, a_stream())
    for _ in range(200):
        spectral_norm.iterate(layer)
    direction = torch.randn(3, 5, generator=a_stream())
    (direction * layer.weight).sum().backward()
    u, s, vh = torch.linalg.svd(original)
    expected = (direction - (direction * original / s[0]).sum() * torch.outer(u[:, 0], vh[0])) / s[0]
    torch.testing.assert_close(layer.parametrizations.weight.original.grad, expected, rtol=1e-3, atol=1e-5)  # type: ignore[union-attr]


def test_spectral_norm_iterates_once_in_an_update_and_never_otherwise(make: Callable[..., Learner]) -> None:
    learner = make(Gan(width=4, batch=8, spectral_norm=True, discriminator_steps=2))
    learner.optimizers["discriminator"] = torch.optim.SGD(learner.networks["discriminator"].parameters(), lr=0.0)
    expected = copy.deepcopy(learner.networks["discriminator"])
    learner.update(images(16), None, 0)
    learner.evaluate(images(16), None)
    spectral_norm.iterate(expected)
    spectral_norm.iterate(expected)
    for name, value in learner.networks["discriminator"].state_dict().items():
        torch.testing.assert_close(value, expected.state_dict()[name])


def test_trained_weights_stay_normalised(make: Callable[..., Learner]) -> None:
    """One iteration an update follows weights that Adam moves slowly; what it lags behind makes them larger."""
    learner = make(Gan(width=4, batch=16, spectral_norm=True))
    for step in range(100):
        learner.update(images(16), None, step)
    for weight in effective_weights(learner.networks["discriminator"]):
        assert 0.999 < float(torch.linalg.svdvals(weight)[0]) < 1.1
