"""Networks that are not ours are taken apart into equal layers, or left whole."""

import warnings
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils import parametrizations, spectral_norm

from raysweep.layers import frozen, is_plain, layers_of
from support.inversion_problems import random


class Decoder(nn.Module):
    """As many write it: layers named in `__init__`, functions between them."""

    def __init__(self) -> None:
        super().__init__()
        self.dense = nn.Linear(8, 32)
        self.up = nn.Upsample(scale_factor=2)
        self.first = nn.Conv2d(8, 4, 5, padding=2)
        self.norm = nn.BatchNorm2d(4)
        self.last = nn.Conv2d(4, 1, 5, padding=2)

    def forward(self, z: Tensor) -> Tensor:
        h = torch.relu(self.dense(z)).view(z.size(0), 8, 2, 2)
        h = nn.functional.leaky_relu(self.norm(self.first(self.up(h))), 0.2)
        return torch.tanh(self.last(nn.functional.interpolate(h, scale_factor=2)))


class Main(nn.Module):
    """As in PyTorch's example of a DCGAN."""

    def __init__(self) -> None:
        super().__init__()
        self.main = nn.Sequential(nn.ConvTranspose2d(8, 4, 4), nn.BatchNorm2d(4), nn.ReLU(True), nn.Tanh())

    def forward(self, z: Tensor) -> Tensor:
        images: Tensor = self.main(z.view(z.shape[0], 8, 1, 1))
        return images


class Shifted(nn.Sequential):
    def forward(self, z: Tensor) -> Tensor:
        shifted: Tensor = (super().forward(z) + 1) / 2
        return shifted


class Residual(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Linear(8, 8)

    def forward(self, z: Tensor) -> Tensor:
        return torch.relu(self.inner(z)) + z


class Branching(nn.Module):
    """Cannot be traced: what it does depends on the values."""

    def forward(self, z: Tensor) -> Tensor:
        return z if float(z.sum()) > 0 else -z


def old_weight_norm() -> nn.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        return nn.utils.weight_norm(nn.Linear(8, 8))


def hooked() -> nn.Module:
    layer = nn.Linear(8, 8)
    layer.register_forward_hook(lambda module, inputs, outputs: 2 * outputs)
    return layer


MAKERS: dict[str, tuple[Callable[[], nn.Module], list[str]]] = {
    "decoder": (
        Decoder,
        ["Linear", "ReLU", "Unflatten", "Upsample", "Conv2d", "BatchNorm2d", "LeakyReLU", "Upsample", "Conv2d", "Tanh"],
    ),
    "main": (Main, ["Unflatten", "ConvTranspose2d", "BatchNorm2d", "ReLU", "Tanh"]),
    "shifted": (lambda: Shifted(nn.Linear(8, 8), nn.Tanh()), ["Linear", "Tanh", "GraphModule", "GraphModule"]),
    "residual": (lambda: nn.Sequential(Residual(), nn.ReLU()), ["GraphModule", "ReLU"]),
    "branching": (lambda: nn.Sequential(nn.Linear(8, 8), Branching()), ["Linear", "Branching"]),
    "idle": (lambda: nn.Sequential(nn.Identity(), nn.Linear(8, 8), nn.Dropout(), nn.Sequential()), ["Linear"]),
    "minus one": (lambda: nn.Sequential(nn.Unflatten(1, (2, -1, 2)), nn.Flatten()), ["Unflatten", "Flatten"]),
    "weight norm": (lambda: nn.Sequential(old_weight_norm(), nn.BatchNorm1d(8)), ["Linear", "BatchNorm1d"]),
    "spectral norm": (lambda: nn.Sequential(spectral_norm(nn.Linear(8, 8)), nn.Tanh()), ["Linear", "Tanh"]),
    "parametrised": (lambda: nn.Sequential(parametrizations.spectral_norm(nn.Linear(8, 8))), ["Linear"]),
    "shared": (lambda: nn.Sequential(*[nn.Linear(8, 8), nn.ReLU()] * 2), ["Linear", "ReLU", "Linear", "ReLU"]),
    "hooked": (lambda: nn.Sequential(hooked(), nn.ReLU()), ["Linear", "ReLU"]),
}


@pytest.mark.parametrize("name", MAKERS)
def test_the_layers_together_are_the_network(name: str) -> None:
    make, kinds = MAKERS[name]
    network, z = make(), random(5, 8)
    with torch.no_grad():
        network.train()(z)  # norms get their statistics
    network.eval()
    state = {key: value.clone() for key, value in network.state_dict().items()}
    layers = layers_of(frozen(network), z)
    assert [type(layer).__name__ for layer in layers] == kinds
    values = z
    for layer in layers:
        values = layer(values)
    with torch.no_grad():
        torch.testing.assert_close(values, network(z))
    assert not any(parameter.requires_grad for layer in layers for parameter in layer.parameters())
    assert {key: value for key, value in network.state_dict().items() if not torch.equal(value, state[key])} == {}
    assert all(parameter.requires_grad for parameter in network.parameters())


def test_scripted_and_compiled_networks_are_frozen() -> None:
    network, z = nn.Sequential(nn.Linear(8, 4), nn.ReLU()), random(5, 8)
    compiled = torch.compile(network, backend="eager")
    assert [type(layer) for layer in layers_of(frozen(compiled), z)] == [nn.Linear, nn.ReLU]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # TorchScript is deprecated, and still in use
        scripted = torch.jit.script(network)
        (whole,) = layers_of(frozen(scripted), z)
        torch.testing.assert_close(whole(z), network(z))


def test_only_the_very_class_without_additions_is_plain() -> None:
    class Equalised(nn.Linear):
        pass

    changed = nn.Linear(2, 2)
    changed.forward = lambda x: x  # type: ignore[method-assign]
    assert is_plain(nn.Linear(2, 2), nn.Linear, nn.Conv2d)
    assert not any(is_plain(layer, nn.Linear) for layer in (Equalised(2, 2), hooked(), changed, nn.Conv2d(1, 1, 1)))
