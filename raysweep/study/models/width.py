"""Families whose networks have a width, which a number of parameters can choose."""

from collections.abc import Callable
from typing import Annotated

from pydantic import Field, PositiveInt

from raysweep.study.architecture import Network
from raysweep.study.models.base import FamilySettings

SMALLEST_WIDTH = 2


class WidthSettings(FamilySettings):
    """A family with a generator or decoder of some width."""

    width: Annotated[int, Field(ge=SMALLEST_WIDTH)] = 128
    """Channels before the generator's last convolution; 128 in the papers."""
    parameter_budget: PositiveInt | None = None
    """The most parameters that the generator (or decoder) may have. Its width is then the largest that keeps to them,
    and not `width`, so in an arm over `latent_dim` it shrinks as dim(z) grows; the network that it is trained with
    keeps `width`, as in an arm without a budget. It falls short of the budget by less than 2 / (width found + 1) of
    it: by 12 % at most at 16, and by less than 3 % for all dim(z) of "Impact of the latent space" if the budget is its
    smallest generator's."""

    def matched(self, describe: Callable[[int], Network]) -> Network:
        """The network that `describe` gives for `width`, or for the width that the budget chooses.

        Parameters are a polynomial of degree two in the width, without negative coefficients: one more unit of width
        multiplies them by at most (1 + 1/width)², whence the bound on what is left of the budget.

        Raises:
            ValueError: the narrowest network exceeds the budget.
        """
        if self.parameter_budget is None:
            return describe(self.width)
        smallest = describe(SMALLEST_WIDTH).parameters
        if smallest > self.parameter_budget:
            raise ValueError(
                f"parameter_budget is {self.parameter_budget:,}, but even of width {SMALLEST_WIDTH} the network has "
                f"{smallest:,} parameters; give at least as many, or a smaller latent_dim"
            )
        fits, exceeds = SMALLEST_WIDTH, 2 * SMALLEST_WIDTH
        while describe(exceeds).parameters <= self.parameter_budget:
            fits, exceeds = exceeds, 2 * exceeds
        while exceeds - fits > 1:
            middle = (fits + exceeds) // 2
            if describe(middle).parameters <= self.parameter_budget:
                fits = middle
            else:
                exceeds = middle
        return describe(fits)
