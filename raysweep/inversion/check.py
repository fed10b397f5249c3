"""Checks the user's generator and images on a few latents before any search, so that a mistake is named."""

import inspect
from collections.abc import Callable, Iterator
from functools import partial
from types import FunctionType, MethodType
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.dropout import _DropoutNd

from raysweep.errors import UserError
from raysweep.inversion.problem import Generate

DEPTH = 3
"""How deep functions that call each other are searched for networks."""
ALIKE = 1e-3
"""An image may depend on its batch up to this share of the largest value: the rounding of any precision in use."""


def check_mode(generator: Generate) -> None:
    """Refuses a function over a network in training mode: running it would change BatchNorm's statistics.

    Raises:
        UserError: the function uses such a network.
    """
    for network in _networks(generator, DEPTH):
        for layer in network.modules():
            if layer.training and isinstance(layer, _BatchNorm | _DropoutNd):
                raise UserError(
                    f"generator: uses a network in training mode (it has a {type(layer).__name__}), so that an image "
                    "depends on the others of its batch; call .eval() on the network first"
                )


def _networks(value: Any, depth: int) -> Iterator[nn.Module]:
    """The modules that a function uses: those that it closes over, is bound to, or names."""
    if isinstance(value, nn.Module):
        yield value
        return
    found: list[Any] = []
    if isinstance(value, partial):
        found = [value.func, *value.args, *value.keywords.values()]
    elif isinstance(value, MethodType):
        found = [value.__self__, value.__func__]
    elif isinstance(value, FunctionType):
        names = inspect.getclosurevars(value)
        found = [*names.nonlocals.values(), *names.globals.values()]
    elif isinstance(value, list | tuple):
        found = list(value)
    for each in found if depth else ():
        yield from _networks(each, depth - 1)


def check_images(generate: Generate, images: Tensor, z: Tensor) -> Tensor:
    """The images of a few latents; refuses images that the generator cannot make.

    Args:
        generate: from latents to images.
        images: (count, ...), to be inverted.
        z: a few latents (at least two), of the images' type and on their device.

    Raises:
        UserError: names the argument, what was given, and what is wanted.
    """
    if not isinstance(images, Tensor) or images.dim() < 2 or not len(images):
        raise UserError(f"images: {_words(images)}; give a tensor (count, ...) of at least one image")
    made = _generated(generate, z)
    if made.dtype != images.dtype:
        name = str(made.dtype).removeprefix("torch.")
        raise UserError(
            f"images: of type {images.dtype}, and the generator makes images of type {made.dtype}; give "
            f"images.to(torch.{name})"
        )
    if made.device != images.device:
        raise UserError(f"images: on {images.device}, and the generator makes images on {made.device}; move either")
    if made.shape[1:] != images.shape[1:]:
        raise UserError(
            f"images: of shape {tuple(images.shape)}, and the generator makes images of shape "
            f"{tuple(made.shape[1:])}; give images of shape {('count', *made.shape[1:])}".replace("'", "")
        )
    alone = _generated(generate, z[:1])[0]
    apart = (alone - made[0]).abs()
    if bool((apart > ALIKE * made[0].abs().max()).any()):
        raise UserError(
            "generator: makes another image of a latent in another batch; it must treat each alone "
            "(is BatchNorm in training mode, or does it draw random numbers?)"
        )
    return made


def check_type(images: Tensor) -> None:
    """Refuses images whose values are whole numbers, of which there is no gradient.

    Raises:
        UserError: they are.
    """
    if isinstance(images, Tensor) and not images.is_floating_point():
        raise UserError(f"images: of type {images.dtype}; give floating-point values in the generator's range")


def _generated(generate: Generate, z: Tensor) -> Tensor:
    try:
        with torch.no_grad():
            made = generate(z.clone())
    except Exception as error:
        raise UserError(
            f"generator: fails on latents of shape {tuple(z.shape)}: {_line(error)}; {_remedy(generate, z)}"
        ) from error
    if not isinstance(made, Tensor):
        raise UserError(
            f"generator: gives {_words(made)}; it must give the images alone, as in lambda z: generator(z)[0]"
        )
    if made.dim() < 2 or len(made) != len(z):
        raise UserError(
            f"generator: makes {_words(made)} of {len(z)} latents; it must make (count, ...), an image each"
        )
    return made


def _remedy(generate: Callable[[Tensor], Any], z: Tensor) -> str:
    """The remedy for a generator that does not take (count, dim(z)), found by trying another shape."""
    try:
        with torch.no_grad():
            makes_one_each = len(generate(z[:, :, None, None].clone())) == len(z)
    except Exception:
        makes_one_each = False
    if not makes_one_each:
        return f"it must take any number of latents, (count, {z.shape[1]})"
    return "it takes latents of shape (count, dim(z), 1, 1): give lambda z: generator(z[:, :, None, None])"


def _line(error: Exception) -> str:
    """The first line of an error."""
    return next(iter(str(error).strip().splitlines()), type(error).__name__)


def _words(value: object) -> str:
    if isinstance(value, Tensor):
        return f"a tensor of shape {tuple(value.shape)}"
    return f"a {type(value).__name__}"
