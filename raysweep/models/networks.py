"""Networks as modules: builds what `raysweep.study.architecture` describes, from plain torch layers."""

from collections.abc import Iterable, Mapping

import torch
from torch import Tensor, nn
from typing_extensions import override

from raysweep.seeding import derive_seed
from raysweep.study.architecture import (
    Activation,
    Conv,
    Dense,
    Flatten,
    Fold,
    Layer,
    Lookup,
    Maxout,
    MaxPool,
    Network,
    Norm,
    Upsample,
)

LEAKY_SLOPE = 0.2
"""Slope of LeakyReLU below zero, as in DCGAN (Radford, Metz and Chintala, 2015); Table 1 does not state it."""


class LargestPiece(nn.Module):
    """Turns a dense layer into maxout units: takes the largest of each `pieces` neighbouring values."""

    def __init__(self, pieces: int) -> None:
        super().__init__()
        self.pieces = pieces

    @override
    def forward(self, values: Tensor) -> Tensor:
        """(count, units · pieces) to (count, units)."""
        largest: Tensor = values.reshape(len(values), -1, self.pieces).max(dim=2).values
        return largest


def build(network: Network, generator: torch.Generator) -> nn.Sequential:
    """The modules of `network` in order, initialised from `generator`, which must be a CPU one.

    Weights are drawn from U(-a, a) with a = √(6 / (fan_in + fan_out)); biases are 0, BatchNorm's gains 1; vectors that
    are looked up are drawn from N(0, I).

    Source: Glorot and Bengio (2010), Eq. 16.
    """
    modules = nn.Sequential(*(module for layer in network.layers for module in _modules(layer)))
    _initialise(modules, generator)
    return modules


def build_all(networks: Mapping[str, Network], seed: int, device: torch.device) -> nn.ModuleDict:
    """Each network, built on the CPU from a random stream of its own, so that it starts equal on every device."""
    built = {
        name: build(network, torch.Generator().manual_seed(derive_seed(seed, "initialise", name)))
        for name, network in networks.items()
    }
    return nn.ModuleDict(built).to(device)


@torch.no_grad()
def gather_statistics(network: nn.Module, batches: Iterable[Tensor]) -> None:
    """Sets the running statistics of all BatchNorms to the mean of those of the batches; leaves training mode on."""
    norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d)]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # a cumulative mean
    network.train()
    for batch in batches:
        network(batch)
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum


def _modules(layer: Layer) -> list[nn.Module]:
    modules: list[nn.Module]
    match layer:
        case Dense():
            norms = [nn.BatchNorm1d(layer.outputs)] if layer.norm else []
            dense = nn.Linear(layer.inputs, layer.outputs, bias=not layer.norm)
            modules = [dense, *norms, *_activation(layer.activation)]
        case Maxout():
            modules = [nn.Linear(layer.inputs, layer.outputs * layer.pieces), LargestPiece(layer.pieces)]
        case Conv():
            norm = [nn.BatchNorm2d(layer.outputs)] if layer.norm else []
            modules = [_convolution(layer), *norm, *_activation(layer.activation)]
        case Norm():
            modules = [nn.BatchNorm2d(layer.channels), *_activation(layer.activation)]
        case Fold():
            modules = [nn.Unflatten(1, (layer.channels, layer.size, layer.size))]
        case Flatten():
            modules = [nn.Flatten()]
        case Upsample():
            modules = [nn.Upsample(scale_factor=2, mode="nearest")]
        case MaxPool():
            modules = [nn.MaxPool2d(2)]
        case Lookup():
            modules = [nn.Embedding(layer.rows, layer.outputs, sparse=True)]
    return modules


def _convolution(layer: Conv) -> nn.Module:
    kind = nn.ConvTranspose2d if layer.transposed else nn.Conv2d
    return kind(layer.inputs, layer.outputs, layer.kernel, layer.stride, layer.padding, bias=not layer.norm)


def _activation(name: Activation) -> list[nn.Module]:
    match name:
        case "none":
            return []
        case "relu":
            return [nn.ReLU()]
        case "leaky_relu":
            return [nn.LeakyReLU(LEAKY_SLOPE)]
        case "tanh":
            return [nn.Tanh()]
        case "sigmoid":
            return [nn.Sigmoid()]


def _initialise(modules: nn.Sequential, generator: torch.Generator) -> None:
    for module in modules:
        if isinstance(module, nn.Linear | nn.Conv2d | nn.ConvTranspose2d):
            nn.init.xavier_uniform_(module.weight, generator=generator)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, nn.Embedding):
            nn.init.normal_(module.weight, generator=generator)
