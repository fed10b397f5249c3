"""Spectral normalisation: every weight of a network is divided by its largest singular value."""

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils import parametrize
from typing_extensions import override


class SpectralNorm(nn.Module):
    """The effective weight W / σ, with σ = uᵀ W v for the singular vectors u and v that power iteration approaches.

    W has a row for every output: a convolution's kernels are flattened. u and v are constants to the gradient, as in
    the source, and buffers, so that a checkpoint continues exactly. They change only when `iterate` is called.

    Source: Miyato, Kataoka, Koyama and Yoshida (2018), Section 2.1 and Algorithm 1.
    """

    u: Tensor
    v: Tensor

    def __init__(self, weight: Tensor, generator: torch.Generator) -> None:
        super().__init__()
        matrix = weight.detach().flatten(1)
        start = torch.randn(len(matrix), generator=generator).to(matrix.device)
        self.register_buffer("u", functional.normalize(start, dim=0))
        self.register_buffer("v", matrix.new_zeros(matrix.shape[1]))
        self.iterate(weight)

    @override
    def forward(self, weight: Tensor) -> Tensor:
        """W / σ, in W's shape."""
        return weight / (self.u @ weight.flatten(1) @ self.v)

    @torch.no_grad()
    def iterate(self, weight: Tensor) -> None:
        """One power iteration: v becomes Wᵀ u, and u becomes W v, each of length 1."""
        matrix = weight.flatten(1)
        self.v.copy_(functional.normalize(matrix.T @ self.u, dim=0))
        self.u.copy_(functional.normalize(matrix @ self.v, dim=0))


def normalise(network: nn.Module, generator: torch.Generator) -> None:
    """Normalises the weights of all dense and convolutional layers of `network`.

    Each u is drawn from `generator`, which must be a CPU one.
    """
    for layer in list(network.modules()):
        if isinstance(layer, nn.Linear | nn.Conv2d):
            parametrize.register_parametrization(layer, "weight", SpectralNorm(layer.weight, generator))


def iterate(network: nn.Module) -> None:
    """One power iteration for each normalised weight of `network`."""
    for module in network.modules():
        if isinstance(module, parametrize.ParametrizationList):
            for step in module:
                if isinstance(step, SpectralNorm):
                    step.iterate(module.original)
