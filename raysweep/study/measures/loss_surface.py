"""The inversion's loss on a plane through z0 = 0 and z*."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, PositiveInt, field_validator
from typing_extensions import override

from raysweep.study.base import Name
from raysweep.study.data import DataFacts
from raysweep.study.measures.base import MEASURE, PART, MeasureSettings, Shard
from raysweep.study.models import FamilySettings, LatentSettings
from raysweep.study.solvers import Automatic, Solver
from raysweep.study.table import INTEGER, REAL, REALS, TEXT, TRIAL, Column, Table

Target = Literal["generated", "train", "validation"]

EXTENT = 2
"""a and b run from −2 to 2, as in the paper."""

LOSS_SURFACE = Table(
    "loss_surface",
    "the loss around a target",
    (
        MEASURE,
        TRIAL,
        PART,
        Column("sample", INTEGER, "index of the prior sample z*, or of the image in its split"),
        Column("direction", TEXT, "how β was chosen: paper or random"),
        Column("resolution", INTEGER, "values of a, and of b, equally spaced from −2 to 2"),
        Column(
            "loss",
            REALS,
            "f(a, b): squared error per pixel value of the image of z0 + aα + bβ, pixels in [-1, 1]; line by line, a "
            "running fastest, from the smallest b up",
            "1/pixel",
        ),
        Column("path", REALS, "f(a, 0) at equally spaced a from 0 to 1: straight from z0 to z*", "1/pixel"),
        Column("norm", REAL, "‖α‖, the distance from z0 to z*, and so ‖β‖"),
        Column("solver", TEXT, "how z* was found: prior sample, or the inversion's solver with its settings, as JSON"),
    ),
    keys=4,
)


class LossSurface(MeasureSettings):
    """The inversion's loss on a plane: f(a, b) = l(z0 + aα + bβ), with z0 = 0, α = z* − z0 and β orthogonal to α.

    l is the squared error to a target. Targets are images of known prior samples z*, which need no optimisation; and
    real images where wanted, for which z* is what `solver` finds, so that f(1, 0) is its error.

    The paper's β is β[0] = α[1], β[1] = −α[0] and 0 elsewhere, scaled to ‖β‖ = ‖α‖. It lies in the plane of the first
    two latents, so that for large dim(z) every surface shows one and the same plane's directions; a random β is
    uniform over all directions orthogonal to α. With dim(z) = 2 there is only one direction, whatever its sign.

    Source: Pinetz, Soukup and Pock (2019), Eq. 1 and Fig. 2, after Li et al. (2018).
    """

    code: ClassVar[str] = "raysweep.measures.loss_surface"
    table: ClassVar[Table] = LOSS_SURFACE
    kind: Literal["loss_surface"] = "loss_surface"
    name: Name = "loss_surface"
    targets: Annotated[tuple[Target, ...], Field(min_length=1)] = ("generated",)
    samples: PositiveInt = 16
    """Surfaces of each kind of target."""
    direction: Literal["paper", "random"] = "paper"
    """How β is chosen."""
    resolution: Annotated[int, Field(ge=5)] = 41
    """Values of a, and of b: 4 n + 1 of them, so that z0 and z* are among the points."""
    path: Annotated[int, Field(ge=2)] = 201
    """Points on the way from z0 to z*, both included."""
    solver: Solver = Automatic()
    """How z* of real images is found."""

    @field_validator("resolution")
    @classmethod
    def _on_the_points(cls, resolution: int) -> int:
        if resolution % 4 != 1:
            below = resolution - (resolution - 1) % 4
            raise ValueError(
                f"resolution is {resolution}: a = 0 and a = 1 must be among the values from −2 to 2; "
                f"give {below} or {below + 4}"
            )
        return resolution

    @field_validator("targets")
    @classmethod
    def _different(cls, targets: tuple[Target, ...]) -> tuple[Target, ...]:
        if len(set(targets)) < len(targets):
            raise ValueError(f"names a kind of target twice: {targets}; leave it out once")
        return targets

    @override
    def applies_to(self, model: FamilySettings) -> bool:
        """Where z0 = 0 is the middle of a prior, and there is a plane: dim(z) ≥ 2."""
        return model.has_prior and isinstance(model, LatentSettings) and model.latent_dim >= 2

    @override
    def shards(self, model: FamilySettings, facts: DataFacts) -> tuple[Shard, ...]:
        """One per kind of target."""
        there = {"generated": self.samples, "train": facts.train, "validation": facts.validation}
        return tuple(Shard(target, 0, min(self.samples, there[target])) for target in self.targets)

    @override
    def flop(self, model: FamilySettings, facts: DataFacts, shard: Shard) -> float:
        assert isinstance(model, LatentSettings)
        surfaces = shard.stop - shard.start
        passes = float(surfaces * (self.resolution**2 + self.path + 1))
        if shard.part != "generated":
            solver = self.solver.at(model.latent_dim)
            passes += surfaces * solver.expected_passes(model.latent_dim) + solver.shared_passes(model.latent_dim)
        return passes * model.decoder_flop(facts)
