"""Equal networks that are faster to invert: nothing is approximated, only written differently."""

import copy

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.utils import fuse_conv_bn_eval, fuse_linear_bn_eval

from raysweep.layers import ImagesLast, frozen, is_plain, layers_of

WIDEST_CHANNELS_LAST = 256
"""On CPUs, channels-last pays while the convolutions have at most this many channels (measured; see `fast_equal`)."""
FEW_CHANNELS = 4
"""Convolutions to so few channels are done before a pixel shuffle rather than after it."""
ACTIVATIONS = (nn.ReLU, nn.LeakyReLU, nn.ELU, nn.Softplus, nn.Tanh, nn.Sigmoid)
"""Layers that work on each value alone, so that a pixel shuffle may as well come after them."""


EQUAL = 1e-4
"""A rewritten network is used if no value differs by more than this share of the largest one."""


def fast_equal(network: nn.Module, inputs: Tensor) -> nn.Module:
    """A copy of `network` in evaluation mode, equal in outputs and gradients up to rounding, that runs faster.

    - Its parameters are frozen, so a backward pass computes the gradient for the latents alone.
    - BatchNorm is folded into the dense or convolutional layer before it.
    - "Resize ×2 by nearest neighbours, then a k × k convolution" (k odd, at least 5, same size, zero padding) becomes
      four smaller convolutions of the image *before* the resize, one for each parity of the output's row and column:
      for k = 5, 3 × 3 taps instead of 25, a 2.78th of the operations.
    - A k × k convolution (as above) to at most `FEW_CHANNELS` channels, whose input comes from such a pixel shuffle by
      way of activations, is done before the shuffle instead, as a wider and smaller one. That takes 1.44 times the
      operations for k = 5 in 0.4 to 0.7 of the time: a convolution to one channel keeps little of a processor busy.
    - Images are kept channels-last where all convolutions are narrow and run on a CPU. The rule is fixed, rather than
      measured at each start, so that the results of a study do not depend on how busy a machine was.

    Layers are recognised by their exact class, if no hook was added to them; `layers_of` says which networks can be
    taken apart. The rewritten network is compared with the original one at `inputs`. Where they differ by more than
    rounding, or there was nothing to rewrite, the copy is merely frozen.

    Args:
        network: from latents (count, ...) to images; not changed.
        inputs: (count, ...), some latents, at least two.
    """
    plain = frozen(network)
    try:
        layers = _channels_last(_late_shuffles(_phases(_folded(layers_of(copy.deepcopy(plain), inputs)))))
        rewritten = nn.Sequential(*layers).eval()
        return rewritten.requires_grad_(False) if _are_equal(rewritten, plain, inputs) else plain
    except Exception:  # a user's layers may fail when they are taken apart; the network itself still runs
        return plain


def _are_equal(rewritten: nn.Module, network: nn.Module, inputs: Tensor) -> bool:
    with torch.no_grad():
        wanted, found = network(inputs.clone()), rewritten(inputs.clone())
    if found.shape != wanted.shape or found.dtype != wanted.dtype:
        return False
    finite = wanted.isfinite()
    scale = wanted[finite].abs().max() if bool(finite.any()) else 0.0
    same: Tensor = (found - wanted)[finite].abs() <= EQUAL * scale
    return bool(same.all()) and torch.equal(found.isfinite(), finite)


def _channels_last(layers: list[nn.Module]) -> list[nn.Module]:
    """With images in channels-last memory, where that is faster: the dense layer writes them in that order."""
    convolutions = [layer for layer in layers if is_plain(layer, nn.Conv2d, nn.ConvTranspose2d)]
    narrow = all(max(layer.in_channels, layer.out_channels) <= WIDEST_CHANNELS_LAST for layer in convolutions)
    on_cpu = all(layer.weight.device.type == "cpu" for layer in convolutions)
    unfolded = len(layers) > 1 and is_plain(layers[0], nn.Linear) and _unfolds_to_images(layers[1])
    if not (convolutions and narrow and on_cpu and unfolded):
        return layers
    dense, unfold = layers[0], layers[1]
    assert isinstance(dense, nn.Linear)
    assert isinstance(unfold, nn.Unflatten)
    shape = tuple(int(size) for size in unfold.unflattened_size)
    order = torch.arange(dense.out_features).view(shape).permute(1, 2, 0).flatten()
    dense.weight.data = dense.weight.data[order]
    if dense.bias is not None:
        dense.bias.data = dense.bias.data[order]
    for layer in convolutions:
        layer.to(memory_format=torch.channels_last)
    return [dense, ImagesLast(*shape), *layers[2:]]


def _folded(layers: list[nn.Module]) -> list[nn.Module]:
    """Without the BatchNorms that directly follow a dense or convolutional layer, or a dense one and its unfolding."""
    kept: list[nn.Module] = []
    for layer in layers:
        if is_plain(layer, nn.BatchNorm1d, nn.BatchNorm2d) and layer.running_mean is not None and kept:
            *before, last = kept
            if is_plain(last, nn.Conv2d, nn.ConvTranspose2d) and last.groups == 1:
                kept = [*before, fuse_conv_bn_eval(last, layer, transpose=isinstance(last, nn.ConvTranspose2d))]
                continue
            if is_plain(last, nn.Linear) and is_plain(layer, nn.BatchNorm1d):
                kept = [*before, fuse_linear_bn_eval(last, layer)]
                continue
            if _unfolds_to_images(last) and before and is_plain(before[-1], nn.Linear):
                kept = [*before[:-1], fuse_linear_bn_eval(before[-1], _over_units(layer, before[-1])), last]
                continue
        kept.append(layer)
    return kept


def _unfolds_to_images(layer: nn.Module) -> bool:
    return is_plain(layer, nn.Unflatten) and layer.dim == 1 and len(tuple(layer.unflattened_size)) == 3


def _over_units(norm: _BatchNorm, dense: nn.Linear) -> nn.BatchNorm1d:
    """The BatchNorm over a dense layer's units that does what `norm` does over the channels they are unfolded to."""
    pixels = dense.out_features // norm.num_features
    units = nn.BatchNorm1d(dense.out_features, eps=norm.eps, affine=norm.affine).eval()
    wide = {
        name: value.repeat_interleave(pixels) if value.dim() else value for name, value in norm.state_dict().items()
    }
    units.load_state_dict(wide)
    return units.to(dense.weight)


def _phases(layers: list[nn.Module]) -> list[nn.Module]:
    """With each resize and the convolution after it replaced by convolutions at the low resolution."""
    written: list[nn.Module] = []
    for layer in layers:
        if written and _doubles(written[-1]) and _keeps_size(layer):
            assert isinstance(layer, nn.Conv2d)
            written[-1:] = [_low_resolution(layer), nn.PixelShuffle(2)]
        else:
            written.append(layer)
    return written


def _doubles(layer: nn.Module) -> bool:
    return (
        is_plain(layer, nn.Upsample)
        and layer.mode == "nearest"
        and layer.size is None
        and layer.scale_factor in {2, (2, 2)}
    )


def _keeps_size(layer: nn.Module) -> bool:
    """Whether it is a convolution for which low-resolution phases are known, and fewer operations."""
    return (
        is_plain(layer, nn.Conv2d)
        and layer.kernel_size[0] == layer.kernel_size[1] >= 5
        and layer.kernel_size[0] % 2 == 1
        and tuple(layer.padding) == (layer.kernel_size[0] // 2,) * 2
        and layer.padding_mode == "zeros"
        and (*layer.stride, *layer.dilation, layer.groups) == (1, 1, 1, 1, 1)
    )


def _late_shuffles(layers: list[nn.Module]) -> list[nn.Module]:
    """With pixel shuffles put off until after the activations and the convolution to few channels that follow them."""
    written: list[nn.Module] = []
    for layer in layers:
        shuffle = next((k for k in reversed(range(len(written))) if not is_plain(written[k], *ACTIVATIONS)), None)
        if (
            shuffle is not None
            and _doubles_by_shuffle(written[shuffle])
            and _keeps_size(layer)
            and isinstance(layer, nn.Conv2d)
            and layer.out_channels <= FEW_CHANNELS
        ):
            written = [*written[:shuffle], *written[shuffle + 1 :], _before_shuffle(layer), nn.PixelShuffle(2)]
        else:
            written.append(layer)
    return written


def _doubles_by_shuffle(layer: nn.Module) -> bool:
    return is_plain(layer, nn.PixelShuffle) and layer.upscale_factor == 2


def _low_resolution(convolution: nn.Conv2d) -> nn.Conv2d:
    """One convolution whose outputs, shuffled to pixels, are those of `convolution` after a resize ×2.

    Both pixels that a resize makes of one are equal: taps that see either are summed.
    """
    seen = _parities(convolution).sum(dim=1)
    weight = torch.einsum("pat,qbu,oitu->opqiab", seen, seen, convolution.weight.double())
    return _shuffled_convolution(convolution, weight.flatten(0, 2))


def _before_shuffle(convolution: nn.Conv2d) -> nn.Conv2d:
    """One convolution whose outputs, shuffled to pixels, are those of `convolution` after a pixel shuffle ×2."""
    seen = _parities(convolution)
    weight = torch.einsum("pcat,qdbu,oitu->opqicdab", seen, seen, convolution.weight.double())
    return _shuffled_convolution(convolution, weight.flatten(3, 5).flatten(0, 2))


def _parities(convolution: nn.Conv2d) -> Tensor:
    """Which low-resolution pixel a tap sees along one axis: (parity of the output, parity seen, offset, tap), 0 or 1.

    Tap t at the output 2i + p sees the pixel 2i + p + t − padding, of parity c and made of pixel
    i + ⌊(p + t − padding) / 2⌋. Zeros beyond the border are zeros beyond the low-resolution border.
    """
    kernel, padding = convolution.kernel_size[0], convolution.kernel_size[0] // 2
    reach = (padding + 1) // 2
    seen = torch.zeros(2, 2, 2 * reach + 1, kernel, dtype=torch.float64, device=convolution.weight.device)
    for phase in range(2):
        for tap in range(kernel):
            pixel, parity = divmod(phase + tap - padding, 2)
            seen[phase, parity, reach + pixel, tap] = 1.0
    return seen


def _shuffled_convolution(convolution: nn.Conv2d, weight: Tensor) -> nn.Conv2d:
    """With these weights, and four outputs that share a bias for each of `convolution`."""
    low = nn.Conv2d(
        weight.shape[1],
        weight.shape[0],
        weight.shape[2],
        padding=weight.shape[2] // 2,
        bias=convolution.bias is not None,
    ).to(convolution.weight)
    low.weight.data = weight.to(convolution.weight)
    if convolution.bias is not None and low.bias is not None:
        low.bias.data = convolution.bias.data.repeat_interleave(4)
    return low
