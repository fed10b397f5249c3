"""Data that all images of a generator share, made once if the solver needs them."""

from dataclasses import dataclass

from torch import Tensor

from raysweep.inversion.bank import Bank
from raysweep.inversion.regression import Regression


@dataclass(frozen=True)
class Shared:
    """Each part is None if the solver does not need it."""

    bank: Bank | None = None
    regression: Regression | None = None
    inverse_hessian: Tensor | None = None
    """(dim(z), dim(z)): H₀, about the inverse of the error's Hessian in z, on average over the prior."""
    centre: Tensor | None = None
    """(...): the mean of a few generated images. How well an image is met is told by its distance from there, since all
    images may be equal but for little."""


NOTHING = Shared()
