"""The layers that a network applies one after the other, whoever wrote it. Plain PyTorch."""

import copy
import operator
from collections.abc import Callable
from typing import Any, TypeGuard, TypeVar

import torch
from torch import Tensor, fx, nn
from torch.nn.utils import parametrize, remove_spectral_norm, remove_weight_norm
from torch.nn.utils.spectral_norm import SpectralNorm
from torch.nn.utils.weight_norm import WeightNorm
from typing_extensions import override

HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")

FUNCTIONS: dict[Any, Callable[..., nn.Module]] = {
    torch.relu: nn.ReLU,
    torch.relu_: nn.ReLU,
    nn.functional.relu: nn.ReLU,
    torch.tanh: nn.Tanh,
    nn.functional.tanh: nn.Tanh,
    torch.sigmoid: nn.Sigmoid,
    nn.functional.sigmoid: nn.Sigmoid,
    nn.functional.leaky_relu: nn.LeakyReLU,
    nn.functional.interpolate: nn.Upsample,
}
"""Functions of a tensor that have a layer of their own, which takes the same settings."""
METHODS: dict[Any, Callable[..., nn.Module]] = {"relu": nn.ReLU, "tanh": nn.Tanh, "sigmoid": nn.Sigmoid}
"""Methods of a tensor, likewise."""
SHAPE_METHODS = {"view", "reshape", "flatten", "unflatten", "contiguous", "size"}
"""Methods of a tensor that move no value."""
SHAPE_FUNCTIONS = {torch.flatten, torch.reshape, getattr, operator.getitem, operator.mul}
"""Functions that do not either, and those with which a shape is worked out."""
IDLE = (nn.Identity, nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d, nn.AlphaDropout, nn.FeatureAlphaDropout)
"""Layers that do nothing in evaluation mode."""


class ImagesLast(nn.Module):
    """Unfolds vectors whose values are ordered row, column, channel to images, without moving a value."""

    def __init__(self, channels: int, height: int, width: int) -> None:
        super().__init__()
        self.order = (height, width, channels)

    @override
    def forward(self, values: Tensor) -> Tensor:
        """(count, height · width · channels) to (count, channels, height, width) in channels-last memory."""
        return values.view(-1, *self.order).permute(0, 3, 1, 2)


def frozen(network: nn.Module) -> nn.Module:
    """A copy in evaluation mode whose parameters are constants; weight and spectral norms become plain weights."""
    if isinstance(network, torch._dynamo.OptimizedModule):
        network = network._orig_mod
    # A tensor that was computed from parameters cannot be copied; hooks compute it anew.
    computed = {
        id(value): value.detach().clone()
        for module in network.modules()
        for value in vars(module).values()
        if isinstance(value, Tensor) and not value.is_leaf
    }
    copied = copy.deepcopy(network, computed).eval()
    for module in list(copied.modules()):
        _bake(module)
    for parameter in copied.parameters():
        if parameter.is_leaf:  # which those of a scripted network's copy are not
            parameter.requires_grad_(False)
    return copied


def _bake(module: nn.Module) -> None:
    """Writes weights that are computed from others as weights of their own."""
    if parametrize.is_parametrized(module):
        # `remove_parametrizations` would change the class, which the original shares.
        values = {name: getattr(module, name).detach().clone() for name in module.parametrizations}  # type: ignore[union-attr]
        module.__class__ = parametrize.type_before_parametrizations(module)
        del module._modules["parametrizations"]
        for name, value in values.items():
            module.register_parameter(name, nn.Parameter(value))
    for hook in list(module._forward_pre_hooks.values()):
        if isinstance(hook, SpectralNorm):
            remove_spectral_norm(module, hook.name)
        elif isinstance(hook, WeightNorm):
            remove_weight_norm(module, hook.name)


Kind = TypeVar("Kind", bound=nn.Module)


def is_plain(layer: nn.Module, *kinds: type[Kind]) -> TypeGuard[Kind]:
    """Whether a layer is of just one of these classes, and nothing was added to what it does.

    A subclass may compute something else, and so may a hook.
    """
    return type(layer) in kinds and "forward" not in vars(layer) and not any(getattr(layer, name) for name in HOOKS)


def layers_of(network: nn.Module, inputs: Tensor) -> list[nn.Module]:
    """The layers of a `frozen` network in order; what cannot be taken apart is one of them.

    `nn.Sequential` is taken apart, and so is what `torch.fx` can trace, where each layer is applied to what the one
    before it gives. Layers that do nothing in evaluation mode are left out.

    Args:
        network: as `frozen` gives it.
        inputs: (count, ...), at least two, with which shapes are found.
    """
    layers: list[nn.Module] = []
    _append(layers, network, inputs)
    return layers


def _append(layers: list[nn.Module], network: nn.Module, inputs: Tensor) -> None:
    """Adds the layers of a network that follows on `layers`."""
    steps = None
    if is_plain(network, nn.Sequential):
        for layer in network:  # not `children()`, which names a layer that stands twice only once
            _append(layers, layer, inputs)
        return
    if not (_is_a_layer(network) or _has_hooks(network)):
        steps = _traced(network)
    for step in [network] if steps is None else steps:
        if isinstance(step, fx.GraphModule) or is_plain(step, nn.Unflatten):
            layers.append(_as_shape_layer(step, _output(nn.Sequential(*layers), inputs)))
        elif not is_plain(step, *IDLE):
            layers.append(step)


def _output(layer: nn.Module, inputs: Tensor) -> Tensor:
    with torch.no_grad():
        outputs: Tensor = layer(inputs.clone())  # a layer may work in place
    return outputs


def _is_a_layer(network: nn.Module) -> bool:
    """Whether it is a layer of PyTorch or of ours, which there is no use in tracing."""
    return isinstance(network, torch.jit.ScriptModule) or type(network).__module__.startswith(("torch.", "raysweep."))


def _has_hooks(network: nn.Module) -> bool:
    return "forward" in vars(network) or any(getattr(network, name) for name in HOOKS)


def _traced(network: nn.Module) -> list[nn.Module] | None:
    """What the network does, cut wherever all that follows depends on a single value; None if it cannot be traced."""
    try:
        graph = fx.Tracer().trace(network)
    except Exception:  # a user's code may raise anything when it is given a stand-in for a tensor
        return None
    _forget_counts(graph)
    nodes = list(graph.nodes)
    begin, *inner, end = nodes
    if begin.op != "placeholder" or any(node.op == "placeholder" for node in inner) or end.args[0] not in inner:
        return None
    last_use = {node: max((nodes.index(user) for user in node.users), default=-1) for node in nodes}
    steps: list[nn.Module] = []
    source, segment = begin, list[fx.Node]()
    for place, node in enumerate(nodes[:-1]):
        if node is begin:
            continue
        segment.append(node)
        needed_later = {other for other in nodes[: place + 1] if other.op != "get_attr" and last_use[other] > place}
        if needed_later == {node}:
            steps.append(_step(network, source, segment))
            source, segment = node, []
    return steps


def _forget_counts(graph: fx.Graph) -> None:
    """Writes −1 for a batch's size where a shape begins with it, so that a shape depends on one value alone."""
    for node in list(graph.nodes):
        by_size = node.op == "call_method" and node.target == "size" and node.args[1:] == (0,)
        by_shape = node.target is operator.getitem and node.args[1] == 0 and node.args[0].args[1:] == ("shape",)
        begins = all(user.target in {"view", "reshape"} and user.args[1] is node for user in node.users)
        if (by_size or by_shape) and begins:
            for user in list(node.users):
                user.update_arg(1, -1)
            for unused in (node, *([node.args[0]] if by_shape else [])):
                if not unused.users:
                    graph.erase_node(unused)


def _step(network: nn.Module, source: fx.Node, segment: list[fx.Node]) -> nn.Module:
    """The module that computes the last node of a segment from `source`."""
    if len(segment) == 1 and segment[0].args[:1] == (source,):
        (node,) = segment
        rest = node.args[1:]
        kwargs = {name: value for name, value in node.kwargs.items() if name != "inplace" and value is not None}
        if node.op == "call_module" and not rest and not kwargs:
            return network.get_submodule(str(node.target))
        kind = (FUNCTIONS if node.op == "call_function" else METHODS).get(node.target)
        if node.op != "call_module" and kind is not None and not kwargs.pop("antialias", False):
            return kind(*rest, **kwargs)
    graph = fx.Graph()
    copies = {source: graph.placeholder("values")}

    def copied(node: fx.Node) -> fx.Node:
        if node not in copies:  # a constant may have been read in an earlier segment
            copies[node] = graph.node_copy(node, copied)
        return copies[node]

    graph.output(copied(segment[-1]))
    return fx.GraphModule(network, graph)


def _as_shape_layer(step: nn.Module, inputs: Tensor) -> nn.Module:
    """`nn.Flatten` or `nn.Unflatten`, with every size, in the place of what only gives values another shape."""
    if isinstance(step, fx.GraphModule) and not all(_moves_no_value(node) for node in step.graph.nodes):
        return step
    outputs = _output(step, inputs)
    layer: nn.Module
    if outputs.dim() == 2:
        layer = nn.Flatten()
    elif inputs.dim() == 2:
        layer = nn.Unflatten(1, tuple(outputs.shape[1:]))
    else:
        return step
    one = inputs[:1]
    same = torch.equal(_output(layer, inputs), outputs) and torch.equal(_output(layer, one), _output(step, one))
    return layer if same else step


def _moves_no_value(node: fx.Node) -> bool:
    if node.op == "call_method":
        return node.target in SHAPE_METHODS
    return node.op in {"placeholder", "output"} or (node.op == "call_function" and node.target in SHAPE_FUNCTIONS)
