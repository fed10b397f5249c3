"""The generators of the examples in "Looser is Worse": written down, not trained."""

from typing import ClassVar, Literal, Self

from pydantic import PositiveInt, model_validator
from typing_extensions import override

from raysweep.study.architecture import Network
from raysweep.study.data import DataFacts, lattice
from raysweep.study.models.base import LatentSettings

LATENT_DIM = {"square": 1, "lattice": 2}
"""dim(z) of each generator."""


class Toy(LatentSettings):
    """A generator that is a formula, with classes whose class radius is known exactly.

    "square" is g(z) = z² on the line, with the classes [x ≥ 1] and [x < 1]. "lattice" takes the plane to the square
    [-5, 5]², where a point's class is the nearest of the 25 points with even coordinates; the paper does not say by
    which g. Here it is g(z) = 10 Φ(z) − 5 in each coordinate, with Φ the standard normal distribution function, which
    makes the points uniform on the square.

    Source: Manoj (2018), Examples 2.1 and 2.2.
    """

    code: ClassVar[str] = "raysweep.models.toy:ToyLearner"
    has_prior: ClassVar[bool] = True
    has_encoder: ClassVar[bool] = False
    family: Literal["toy"] = "toy"
    generator: Literal["square", "lattice"] = "lattice"
    latent_dim: PositiveInt = 2
    """dim(z): 1 of "square", 2 of "lattice". It follows from the generator, and need not be given."""

    @model_validator(mode="before")
    @classmethod
    def _own_dimension(cls, fields: object) -> object:
        if not isinstance(fields, dict):
            return fields
        return {"latent_dim": LATENT_DIM.get(fields.get("generator", "lattice"), 2), **fields}

    @model_validator(mode="after")
    def _dimension_is_the_generators(self) -> Self:
        dim = LATENT_DIM[self.generator]
        if self.latent_dim != dim:
            raise ValueError(f"latent_dim is {self.latent_dim}: that of {self.generator!r} is {dim}; leave it out")
        return self

    @property
    def class_points(self) -> tuple[tuple[float, ...], ...]:
        """The points of which the nearest is a point's class. Of the line, 0 and 2 have their border at x = 1."""
        return ((0.0,), (2.0,)) if self.generator == "square" else lattice(2)

    @property
    @override
    def images_per_step(self) -> int:
        """None."""
        return 0

    @override
    def total_steps(self, facts: DataFacts) -> int:
        """Nothing is trained."""
        return 0

    @override
    def networks(self, facts: DataFacts) -> dict[str, Network]:
        """There are none.

        Raises:
            ValueError: the data are images.
        """
        if not facts.points:
            raise ValueError("a toy generator makes points, and these data are images; set data=Grid2d()")
        return {}

    @override
    def values_to_continue(self, facts: DataFacts) -> int:
        """None."""
        return 0

    @override
    def flop_per_step(self, facts: DataFacts) -> float:
        """None."""
        return 0.0
