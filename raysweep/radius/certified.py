"""A lower bound of r(z) that is proved, for small networks: linear bounds of every unit over a ball around z.

A unit x is kept between two affine functions of the step δ from z, over all ‖δ‖ ≤ ε. Forwards, they go through affine
layers sign by sign of the weights, and through activations by lines above and below them on the unit's interval. With
these lines, the margins are bounded once more, backwards from the scores to δ: for each margin every unit then takes
the one of its two lines that counts, which is several times tighter.
"""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.modules.batchnorm import _BatchNorm
from typing_extensions import override

from raysweep.gradients import with_gradients
from raysweep.layers import ImagesLast, frozen, is_plain, layers_of

STEPS = 12
"""Halvings of the interval in which ε is sought."""
TINY = 1e-6
"""An interval shorter than this has no chord that floating-point numbers could tell."""
SLACK = 1e-9
"""Sums are rounded to nearest, so a margin must be above this share of its terms, and the radius is made smaller by
this share: far more than float64 rounds off in a network of up to a million terms a sum."""
SAMPLES_AT_ONCE = 16
"""Samples that are bounded together. It bounds the memory, and changes nothing but rounding."""

WEIGHTED = (nn.Linear, nn.Conv2d, nn.ConvTranspose2d)
AVERAGING = (nn.Flatten, nn.Unflatten, nn.Upsample, nn.AvgPool2d, nn.PixelShuffle, ImagesLast)
"""Linear layers without negative weights."""
SIGMOIDAL = (nn.Tanh, nn.Sigmoid)
ACTIVATIONS = (*SIGMOIDAL, nn.ReLU, nn.LeakyReLU)
KNOWN = (*WEIGHTED, *AVERAGING, *ACTIVATIONS, nn.MaxPool2d)
"""Layers with bounds, besides normalisations, which become layers of weights."""


AGREES = 1e-5
"""A network's scores may differ by this share of the largest one from those of its layers, in float64: rounding."""


class NoBoundsError(ValueError):
    """The network has a layer of which no bounds are known."""


@with_gradients
def certified_radius(network: nn.Module, z: Tensor, upper: Tensor) -> Tensor:
    """(count,): a distance from each sample within which every latent is of the sample's class, in float64.

    The largest ε tried, by halving [0, upper], for which score_c − scoreⱼ > 0 for all other classes j over the ball
    ‖z' − z‖ ≤ ε. Affine networks get r(z) to 1/4096 of `upper`; the deeper the network, the further below it.

    Args:
        network: from latents to scores, in evaluation mode: Linear, Conv2d, ConvTranspose2d, BatchNorm, ReLU,
            LeakyReLU, Tanh, Sigmoid, MaxPool2d, AvgPool2d, Upsample, PixelShuffle, Flatten and Unflatten, the last a
            Linear. Dropout and Identity do nothing there, and `fast_equal` gives such networks of such.
        z: (count, dim(z)).
        upper: (count,), an upper bound of r(z), as `class_radius` finds; infinite ones are replaced by ‖z‖ + 1.

    Source: Zhang et al. (2018), "Efficient neural network robustness certification with general activation functions",
    with the bounds of hidden units carried forwards as in Xu et al. (2020), so that one pass serves all of them. The
    largest of several units is bounded pair by pair, which is ours. Sums are rounded to nearest, not outwards; `SLACK`
    covers that.

    Raises:
        NoBoundsError: a layer of another kind: of a subclass, say, or with a hook, whose outputs nothing is known of.
        ValueError: a layer that is being trained.
    """
    z = z.detach().double()
    layers = _layers(network, z)
    high = torch.where(upper.isfinite(), upper.double(), z.norm(dim=1) + 1)
    parts = zip(torch.split(z, SAMPLES_AT_ONCE), torch.split(high, SAMPLES_AT_ONCE), strict=True)
    with torch.no_grad():
        return torch.cat([_largest_proved(layers, *part) for part in parts])


def _largest_proved(layers: list[nn.Module], z: Tensor, high: Tensor) -> Tensor:
    low = torch.zeros_like(high)
    for tried in [high, *[None] * STEPS]:
        epsilon = (low + high) / 2 if tried is None else tried
        proved = _proved(layers, z, epsilon)
        low, high = torch.where(proved, epsilon, low), torch.where(proved, high, epsilon)
    return low * (1 - SLACK)


@dataclass(frozen=True)
class _Bounds:
    """Affine functions of δ below and above units, (count, 1 + dim(z), ...): the value at δ = 0, then the slopes."""

    below: Tensor
    above: Tensor
    epsilon: Tensor
    """(count,)"""

    def interval(self) -> tuple[Tensor, Tensor]:
        """The least and the largest value of each unit over the ball, (count, ...)."""
        return _range(self.below, self.epsilon)[0], _range(self.above, self.epsilon)[1]

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


Units = TypeVar("Units")
"""Values of units, or bounds of them."""


class _Line(NamedTuple):
    """An affine function of each unit."""

    slope: Tensor
    """(count, ...), not negative."""
    intercept: Tensor


class _Lines(NamedTuple):
    """What an activation lies between, on the interval of each unit."""

    below: _Line
    above: _Line


def _proved(layers: list[nn.Module], z: Tensor, epsilon: Tensor) -> Tensor:
    """(count,): whether no score reaches that of the sample's class in the ball of `epsilon`."""
    lines = _all_lines(layers, z, epsilon)
    scores = _forwards(layers, z)
    count, classes = scores.shape
    label = scores.argmax(dim=1)
    with torch.enable_grad():
        start = z.repeat_interleave(classes, dim=0).requires_grad_()
        errors: list[Tensor] = []
        values = _forwards(layers, start, _Between(lines, errors)).view(count, classes, classes)
        own = values.gather(2, label[:, None, None].expand(-1, classes, 1))
        margins = own[:, :, 0] - values.diagonal(dim1=1, dim2=2)
        (slopes,) = torch.autograd.grad(margins.sum(), start)
    reach = epsilon[:, None] * slopes.view(count, classes, -1).norm(dim=2)
    error = torch.stack(errors).sum(dim=0) if errors else torch.zeros_like(reach)
    scale = scores.abs().amax(dim=1, keepdim=True) + reach - error
    own_class = torch.zeros_like(scores, dtype=torch.bool).scatter(1, label[:, None], True)
    proved: Tensor = ((margins.detach() + error - reach > SLACK * scale) | own_class).all(dim=1)
    return proved


def _all_lines(layers: list[nn.Module], z: Tensor, epsilon: Tensor) -> list[_Lines]:
    """The lines around every activation in the ball of `epsilon`, in the order in which they are met."""
    count, dim = z.shape
    slopes = torch.eye(dim, dtype=z.dtype, device=z.device).expand(count, dim, dim)
    start = torch.cat([z[:, None], slopes], dim=1)
    bounds, lines = _Bounds(start, start, epsilon), list[_Lines]()
    for layer in layers[:-1]:
        bounds = _through(layer, bounds, lines)
    return lines


class _Between:
    """Applies activations; what is differentiated through them becomes bounded from below by `lines`."""

    def __init__(self, lines: list[_Lines], errors: list[Tensor]) -> None:
        self.lines = iter(lines)
        self.errors = errors

    def __call__(self, activation: Callable[[Tensor], Tensor], inputs: Tensor) -> Tensor:
        outputs: Tensor = _Bounded.apply(inputs, activation, next(self.lines), self.errors)
        return outputs


class _Bounded(torch.autograd.Function):
    """An activation whose gradient is the slope of the line, below or above, that makes what is differentiated least.

    The gap between that line and the activation at the inputs, times the gradient, is added to the errors: at most 0,
    (count, rows for each).
    """

    @staticmethod
    @override
    def forward(
        ctx: Any, inputs: Tensor, activation: Callable[[Tensor], Tensor], lines: _Lines, errors: list[Tensor]
    ) -> Tensor:
        outputs = activation(inputs)
        ctx.save_for_backward(inputs, outputs)
        ctx.lines, ctx.errors = lines, errors
        return outputs

    @staticmethod
    @override
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None, None]:
        below, above = ctx.lines
        count = len(below.slope)
        inputs, outputs, gradient = (x.unflatten(0, (count, -1)) for x in (*ctx.saved_tensors, gradient))
        error, slopes = torch.zeros_like(gradient), torch.zeros_like(gradient)
        for line, part in ((below, gradient.clamp(min=0)), (above, gradient.clamp(max=0))):
            slope, intercept = (x[:, None] for x in line)
            error += part * (slope * inputs + intercept - outputs)
            slopes += part * slope
        ctx.errors.append(error.flatten(2).sum(dim=2))
        return slopes.flatten(0, 1), None, None, None


def _plainly(activation: Callable[[Tensor], Tensor], inputs: Tensor) -> Tensor:
    return activation(inputs)


def _forwards(
    layers: list[nn.Module],
    values: Tensor,
    apply: Callable[[Callable[[Tensor], Tensor], Tensor], Tensor] = _plainly,
) -> Tensor:
    """The scores, with each activation applied by `apply`."""
    for layer in layers:
        if isinstance(layer, nn.MaxPool2d):
            values = _tournament(_windows(layer, values), lambda x, y: y + apply(torch.relu, x - y))
        else:
            values = apply(layer, values) if isinstance(layer, ACTIVATIONS) else layer(values)
    return values


def _windows(layer: nn.MaxPool2d, images: Tensor) -> list[Tensor]:
    """The units of each window, one tensor for each place in it."""
    size = layer.kernel_size
    assert isinstance(size, int)
    height, width = (length // size * size for length in images.shape[-2:])
    return [images[..., i:height:size, j:width:size] for i in range(size) for j in range(size)]


def _tournament(units: list[Units], larger: Callable[[Units, Units], Units]) -> Units:
    """The largest of pairs of units, then of pairs of those, and so on."""
    while len(units) > 1:
        odd = units[-1:] if len(units) % 2 else []
        units = [larger(x, y) for x, y in zip(units[::2], units[1::2], strict=False)] + odd
    return units[0]


def _through(layer: nn.Module, bounds: _Bounds, lines: list[_Lines]) -> _Bounds:
    """The bounds of a layer's outputs from those of its inputs; the lines of its activations are added to `lines`."""
    if isinstance(layer, AVERAGING):
        return _Bounds(_each(layer, bounds.below), _each(layer, bounds.above), bounds.epsilon)
    if isinstance(layer, nn.MaxPool2d):
        pairs = zip(_windows(layer, bounds.below), _windows(layer, bounds.above), strict=True)
        units = [_Bounds(*pair, bounds.epsilon) for pair in pairs]
        return _tournament(units, lambda x, y: _larger(x, y, lines))
    if isinstance(layer, ACTIVATIONS):
        below, above = _lines(layer, *bounds.interval())
        lines.append(_Lines(below, above))
        inside = _Bounds(bounds.below * below.slope[:, None], bounds.above * above.slope[:, None], bounds.epsilon)
        return inside.shifted(below.intercept, above.intercept)
    zero = _each(layer, torch.zeros_like(bounds.below[:, :1]))[:, 0]
    signs = [_part(layer, sign) for sign in (1, -1)]
    return bounds.affine(*(lambda x, some=some: _each(some, x) for some in signs)).shifted(zero, zero)


def _range(functions: Tensor, epsilon: Tensor) -> tuple[Tensor, Tensor]:
    """The least and the largest value over the ball of affine functions (count, 1 + dim(z), ...)."""
    reach = epsilon.view(-1, *[1] * (functions.dim() - 2)) * functions[:, 1:].norm(dim=1)
    return functions[:, 0] - reach, functions[:, 0] + reach


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
    assert isinstance(part, nn.Conv2d | nn.ConvTranspose2d)
    part.weight.copy_((sign * part.weight).clamp(min=0) * sign)
    if part.bias is not None:
        part.bias.zero_()
    return part


def _lines(activation: nn.Module, least: Tensor, most: Tensor) -> _Lines:
    """Lines below and above an activation on an interval."""
    if isinstance(activation, SIGMOIDAL):
        return _sigmoidal(activation, least, most)
    return _rectifier(least, most, activation.negative_slope if isinstance(activation, nn.LeakyReLU) else 0.0)


def _rectifier(least: Tensor, most: Tensor, leak: float = 0.0) -> _Lines:
    """Lines below and above max(x, αx) on an interval: the chord above, one of the two pieces below."""
    crosses = (least < 0) & (most > 0)
    chord = torch.where(crosses, (most - leak * least) / (most - least), torch.where(least >= 0, 1.0, leak))
    piece = torch.where(crosses, torch.where(most > -least, 1.0, leak), chord)
    intercept = torch.where(crosses, (leak - chord) * least, 0.0)
    return _Lines(_Line(piece, torch.zeros_like(piece)), _Line(chord, intercept))


def _sigmoidal(layer: nn.Module, least: Tensor, most: Tensor) -> _Lines:
    """Lines below and above tanh or the logistic function on an interval.

    The chord and the tangent at the middle where it bends one way alone; elsewhere, lines through its ends with the
    least slope that the function has in the interval, which is at one of them.
    """
    low, high, middle = layer(least), layer(most), layer((least + most) / 2)
    flat = torch.minimum(_slope(layer, low), _slope(layer, high))
    chord = torch.where(most - least > TINY, (high - low) / (most - least), flat)
    tangent = _slope(layer, middle)
    concave, convex = least >= 0, most <= 0
    below = torch.where(concave, chord, torch.where(convex, tangent, flat))
    above = torch.where(convex, chord, torch.where(concave, tangent, flat))
    touching = middle - tangent * (least + most) / 2
    return _Lines(
        _Line(below, torch.where(convex, touching, low - below * least)),
        _Line(above, torch.where(concave, touching, high - above * most)),
    )


def _slope(layer: nn.Module, value: Tensor) -> Tensor:
    """The derivative of tanh or the logistic function where it has that value."""
    return 1 - value.square() if isinstance(layer, nn.Tanh) else value * (1 - value)


def _larger(x: _Bounds, y: _Bounds, lines: list[_Lines]) -> _Bounds:
    """Bounds of max(x, y) = y + max(x − y, 0); the lines of that rectifier are added to `lines`."""
    least, most = _range(x.below - y.above, x.epsilon)[0], _range(x.above - y.below, x.epsilon)[1]
    lines.append(_rectifier(least, most))
    # Between affine functions the difference has a narrower range, and so a lower chord.
    ahead = x.above - y.above
    chord, intercept = _rectifier(*_range(ahead, x.epsilon)).above
    below = torch.where(x.below[:, :1] >= y.below[:, :1], x.below, y.below)
    return _Bounds(below, y.above + chord[:, None] * ahead, x.epsilon).shifted(torch.zeros_like(chord), intercept)


def _layers(network: nn.Module, z: Tensor) -> list[nn.Module]:
    """The network's layers in float64, with linear ones that follow each other as one: the bounds are tighter.

    Whatever the layers are, they are compared with the network at `z`: nothing is proved of another network.
    """
    _check_mode(network)
    whole = frozen(network).double()
    layers: list[nn.Module] = []
    for layer in layers_of(whole, z[:2]):
        before = layers[-1] if layers else None
        if isinstance(before, nn.Linear) and is_plain(layer, nn.Flatten):
            continue  # its outputs are flat
        if is_plain(layer, nn.BatchNorm1d, nn.BatchNorm2d):
            layer = _as_affine(layer)  # noqa: PLW2901
        if isinstance(before, nn.Linear) and is_plain(layer, nn.Linear):
            layers[-1] = _linear(layer.weight @ before.weight, layer(_bias(before)))
        elif is_plain(layer, *KNOWN) and _has_bounds(layer):
            layers.append(layer)
        else:
            raise NoBoundsError(f"certified_radius has no bounds for {layer}; class_radius searches any network")
    if not layers or not isinstance(layers[-1], nn.Linear):
        raise NoBoundsError("certified_radius needs a network that ends in the Linear layer of its scores")
    with torch.no_grad():
        wanted = whole(z)
        apart = (_forwards(layers, z) - wanted).abs()
    if bool((apart > AGREES * wanted.abs().amax(dim=1, keepdim=True)).any()):
        raise NoBoundsError(
            "certified_radius: the network does something that its layers do not say (by a hook, or code between "
            "them); class_radius searches any network"
        )
    return layers


def _check_mode(network: nn.Module) -> None:
    """Refuses normalisations by a batch's own statistics."""
    for norm in network.modules():
        if isinstance(norm, _BatchNorm) and (norm.training or norm.running_mean is None or norm.running_var is None):
            raise ValueError(f"{norm} normalises by its batch: give certified_radius a network in evaluation mode")


def _has_bounds(layer: nn.Module) -> bool:
    """Whether a layer's settings are those that the bounds are for."""
    if isinstance(layer, nn.MaxPool2d):
        plain = (layer.kernel_size, 0, 1, False)
        return (layer.stride, layer.padding, layer.dilation, layer.ceil_mode) == plain
    if isinstance(layer, nn.Upsample):
        return layer.mode != "bicubic"  # which has negative weights
    if isinstance(layer, nn.LeakyReLU):
        return 0 <= layer.negative_slope <= 1  # else it is not the larger of x and αx
    return getattr(layer, "padding_mode", "zeros") == "zeros"


def _as_affine(norm: _BatchNorm) -> nn.Module:
    """A normalisation by stored statistics as a layer of weights."""
    assert norm.running_mean is not None
    assert norm.running_var is not None
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
