"""A solver that does not search."""

from typing import ClassVar, Literal

from pydantic import PositiveInt
from typing_extensions import override

from raysweep.study.solvers import Solver


class RandomSearch(Solver):
    """The best of some prior samples. It has no label of its own."""

    code: ClassVar[str] = "raysweep.inversion.random_search:invert"
    solver: Literal["random_search"] = "random_search"
    steps: PositiveInt = 100
    feasible: Literal["everything"] = "everything"

    @property
    @override
    def random_starts(self) -> int:
        return self.steps

    @override
    def expected_passes(self, latent_dim: int) -> float:
        return float(self.steps)
