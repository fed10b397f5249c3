"""A lower bound of r(z) that is proved, for small networks: linear bounds of every unit over a ball around z.

A unit x is kept between two affine functions of the step δ from z, over all ‖δ‖ ≤ ε. They go through affine layers
exactly, sign by sign of the weights, and through activations by lines above and below them on the unit's interval.
"""

from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

STEPS = 12
"""Halvings of the interval in which ε is sought."""
TINY = 1e-6
"""An interval shorter than this has no chord that floating-point numbers could tell."""
KNOWN = (nn.Linear, nn.Conv2d, nn.Flatten, nn.Unflatten, nn.Tanh, nn.ReLU, nn.LeakyReLU)
"""Layers with bounds, besides normalisations, which become layers of weights."""
SLACK = 1e-9
"""A margin must be above this share of its terms: far more than float64 rounds off in a small network."""


def certified_radius(network: nn.Sequential, z: Tensor, upper: Tensor) -> Tensor:
    """(count,): a distance from each sample within which every latent is of the sample's class, in float64.

    The largest ε tried, by halving [0, upper], for which score_c − scoreⱼ > 0 for all other classes j over the ball
    ‖z' − z‖ ≤ ε. Affine networks get r(z) to 1/4096 of `upper`; the deeper the network, the further below it.

    Args:
        network: from latents to scores, in evaluation mode: Linear, Conv2d, BatchNorm, ReLU, LeakyReLU, Tanh, Flatten
            and Unflatten, the last a Linear.
        z: (count, dim(z)).
        upper: (count,), an upper bound of r(z), as `class_radius` finds; infinite ones are replaced by ‖z‖ + 1.

    Source: Zhang et al. (2018), "Efficient neural network robustness certification with general activation functions",
    carried forwards as in Xu et al. (2020), so that one pass bounds all units. Sums are rounded to nearest, not
    outwards; a slack covers that.

    Raises:
        ValueError: a layer of another kind, or one that is being trained.
    """
    layers, z = _layers(network), z.detach().double()
    low = torch.zeros(len(z), dtype=torch.float64, device=z.device)
    high = torch.where(upper.isfinite(), upper.double(), z.norm(dim=1) + 1)
    with torch.no_grad():
        for tried in [high, *[None] * STEPS]:
            epsilon = (low + high) / 2 if tried is None else tried
            proved = _proved(layers, z, epsilon)
            low, high = torch.where(proved, epsilon, low), torch.where(proved, high, epsilon)
    return low


@dataclass(frozen=True)
class _Bounds:
    """Affine functions of δ below and above units, (count, 1 + dim(z), ...): the value at δ = 0, then the slopes."""

    below: Tensor
    above: Tensor
    epsilon: Tensor
    """(count,)"""

    def interval(self) -> tuple[Tensor, Tensor]:
        """The least and the largest value of each unit over the ball, (count, ...)."""
        epsilon = self.epsilon.view(-1, *[1] * (self.below.dim() - 2))
        least = self.below[:, 0] - epsilon * self.below[:, 1:].norm(dim=1)
        return least, self.above[:, 0] + epsilon * self.above[:, 1:].norm(dim=1)

    def affine(self, positive: Callable[[Tensor], Tensor], negative: Callable[[Tensor], Tensor]) -> "_Bounds":
        """Through a linear map, given by its positive and its negative weights."""
        below = positive(self.below) + negative(self.above)
        return _Bounds(below, positive(self.above) + negative(self.below), self.epsilon)

    def shifted(self, below: Tensor, above: Tensor) -> "_Bounds":
        """With constants added, of the units' shape."""
        functions = self.below.clone(), self.above.clone()
        functions[0][:, 0] += below
        functions[1][:, 0] += above
        return _Bounds(*functions, self.epsilon)


def _proved(layers: list[nn.Module], z: Tensor, epsilon: Tensor) -> Tensor:
    """(count,): whether no score reaches that of the sample's class in the ball of `epsilon`."""
    count, dim = z.shape
    slopes = torch.eye(dim, dtype=z.dtype, device=z.device).expand(count, dim, dim)
    start = torch.cat([z[:, None], slopes], dim=1)
    bounds, values = _Bounds(start, start, epsilon), z
    for layer in layers[:-1]:
        bounds, values = _through(layer, bounds), layer(values)
    last = layers[-1]
    assert isinstance(last, nn.Linear)
    label = last(values).argmax(dim=1)
    weight = last.weight[label][:, None] - last.weight
    bias = _bias(last)[label][:, None] - _bias(last)
    signs = weight.clamp(min=0), weight.clamp(max=0)
    margins = bounds.affine(*(lambda x, some=some: x @ some.mT for some in signs)).shifted(bias, bias)
    scale = margins.below.abs().sum(dim=1)
    others = torch.ones_like(bias, dtype=torch.bool).scatter(1, label[:, None], False)
    return ((margins.interval()[0] > SLACK * scale) | ~others).all(dim=1)


def _through(layer: nn.Module, bounds: _Bounds) -> _Bounds:
    """The bounds of a layer's outputs from those of its inputs."""
    if isinstance(layer, nn.Flatten | nn.Unflatten):
        below, above = (_each(layer, function) for function in (bounds.below, bounds.above))
        return _Bounds(below, above, bounds.epsilon)
    if isinstance(layer, nn.Tanh | nn.ReLU | nn.LeakyReLU):
        lower, upper = (_tanh if isinstance(layer, nn.Tanh) else _rectifier)(layer, *bounds.interval())
        lines = _Bounds(bounds.below * lower[0][:, None], bounds.above * upper[0][:, None], bounds.epsilon)
        return lines.shifted(lower[1], upper[1])
    zero = _each(layer, torch.zeros_like(bounds.below[:, :1]))[:, 0]
    signs = [_part(layer, sign) for sign in (1, -1)]
    return bounds.affine(*(lambda x, some=some: _each(some, x) for some in signs)).shifted(zero, zero)


def _each(layer: Callable[[Tensor], Tensor], functions: Tensor) -> Tensor:
    """A layer applied to each of (count, 1 + dim(z), ...)."""
    outputs = layer(functions.flatten(0, 1))
    return outputs.reshape(*functions.shape[:2], *outputs.shape[1:])


def _part(layer: nn.Module, sign: int) -> Callable[[Tensor], Tensor]:
    """The linear map of a layer's weights of one sign, without its bias."""
    if isinstance(layer, nn.Linear):
        weight = (sign * layer.weight).clamp(min=0) * sign
        return lambda x: functional.linear(x, weight)
    part = deepcopy(layer)
    assert isinstance(part, nn.Conv2d)
    part.weight.copy_((sign * part.weight).clamp(min=0) * sign)
    if part.bias is not None:
        part.bias.zero_()
    return part


Line = tuple[Tensor, Tensor]
"""Slope, not negative, and intercept of each unit."""


def _rectifier(layer: nn.Module, least: Tensor, most: Tensor) -> tuple[Line, Line]:
    """Lines below and above max(x, αx) on an interval: the chord above, one of the two pieces below."""
    leak = layer.negative_slope if isinstance(layer, nn.LeakyReLU) else 0.0
    crosses = (least < 0) & (most > 0)
    chord = torch.where(crosses, (most - leak * least) / (most - least), torch.where(least >= 0, 1.0, leak))
    piece = torch.where(crosses, torch.where(most > -least, 1.0, leak), chord)
    return (piece, torch.zeros_like(piece)), (chord, torch.where(crosses, (leak - chord) * least, 0.0))


def _tanh(layer: nn.Module, least: Tensor, most: Tensor) -> tuple[Line, Line]:
    """Lines below and above tanh on an interval: the chord and the tangent at the middle where it bends one way alone.

    Elsewhere, lines through its ends with the least slope that tanh has in the interval, which is at one of them.
    """
    low, high, middle = torch.tanh(least), torch.tanh(most), torch.tanh((least + most) / 2)
    flat = torch.minimum(1 - low.square(), 1 - high.square())
    chord = torch.where(most - least > TINY, (high - low) / (most - least), flat)
    tangent = 1 - middle.square()
    concave, convex = least >= 0, most <= 0
    below = torch.where(concave, chord, torch.where(convex, tangent, flat))
    above = torch.where(convex, chord, torch.where(concave, tangent, flat))
    touching = middle - tangent * (least + most) / 2
    return (
        (below, torch.where(convex, touching, low - below * least)),
        (above, torch.where(concave, touching, high - above * most)),
    )


def _layers(network: nn.Sequential) -> list[nn.Module]:
    """The network's layers in float64, with linear ones that follow each other as one: the bounds are tighter."""
    layers: list[nn.Module] = []
    for layer in _flat(deepcopy(network).requires_grad_(False).double()):
        before = layers[-1] if layers else None
        if isinstance(before, nn.Linear) and isinstance(layer, nn.Flatten):
            continue  # its outputs are flat
        if isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d):
            layer = _as_affine(layer)  # noqa: PLW2901
        if isinstance(before, nn.Linear) and isinstance(layer, nn.Linear):
            layers[-1] = _linear(layer.weight @ before.weight, layer(_bias(before)))
        elif isinstance(layer, KNOWN) and getattr(layer, "padding_mode", "zeros") == "zeros":
            layers.append(layer)
        else:
            raise ValueError(f"certified_radius has no bounds for {layer}; class_radius searches through any network")
    if not layers or not isinstance(layers[-1], nn.Linear):
        raise ValueError("certified_radius needs a network that ends in the Linear layer of its scores")
    return layers


def _flat(network: nn.Sequential) -> Iterator[nn.Module]:
    """The layers of nested sequences."""
    for layer in network:
        if isinstance(layer, nn.Sequential):
            yield from _flat(layer)
        else:
            yield layer


def _as_affine(norm: nn.BatchNorm1d | nn.BatchNorm2d) -> nn.Module:
    """A normalisation by stored statistics as a layer of weights."""
    if norm.training or norm.running_mean is None or norm.running_var is None:
        raise ValueError(f"{norm} normalises by its batch: give certified_radius a network in evaluation mode")
    scale = (norm.running_var + norm.eps).rsqrt() * (1.0 if norm.weight is None else norm.weight)
    bias = (0.0 if norm.bias is None else norm.bias) - scale * norm.running_mean
    if isinstance(norm, nn.BatchNorm1d):
        return _linear(scale.diag(), bias)
    layer = nn.Conv2d(len(scale), len(scale), 1, groups=len(scale), device="meta", dtype=scale.dtype)
    layer.weight, layer.bias = nn.Parameter(scale.view(-1, 1, 1, 1)), nn.Parameter(bias)
    return layer.requires_grad_(False)


def _linear(weight: Tensor, bias: Tensor) -> nn.Linear:
    layer = nn.Linear(weight.shape[1], weight.shape[0], device="meta", dtype=weight.dtype)
    layer.weight, layer.bias = nn.Parameter(weight), nn.Parameter(bias)
    return layer.requires_grad_(False)


def _bias(layer: nn.Linear) -> Tensor:
    return torch.zeros_like(layer.weight[:, 0]) if layer.bias is None else layer.bias
