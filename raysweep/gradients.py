"""Gradients for functions that need them, whatever mode of PyTorch their caller is in."""

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import torch
from torch import Tensor

P = ParamSpec("P")
R = TypeVar("R")


def with_gradients(function: Callable[P, R]) -> Callable[P, R]:
    """The function with gradients switched on, also under `torch.no_grad` and in `torch.inference_mode`.

    Arguments that are tensors of inference mode, which can have no gradients, are copied.
    """
    unchecked: Callable[..., R] = function

    @functools.wraps(function)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        with torch.inference_mode(False), torch.enable_grad():
            return unchecked(*map(_usable, args), **{name: _usable(value) for name, value in kwargs.items()})

    return wrapped


def _usable(value: object) -> object:
    return value.clone() if isinstance(value, Tensor) and value.is_inference() else value
