"""How far the encoder pulls images apart: the regulariser ω of the LC-VAE, on any model."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, PositiveInt
from typing_extensions import override

from raysweep.study.base import Name
from raysweep.study.data import DataFacts
from raysweep.study.measures.base import MEASURE, MeasureSettings, Shard
from raysweep.study.models import FamilySettings
from raysweep.study.table import INTEGER, REAL, TEXT, TRIAL, Column, Table

POWER_STEPS = 50
"""Steps of the power iteration for the Jacobian's largest singular value."""

OMEGA = Table(
    "omega",
    "the stretch of an encoder",
    (
        MEASURE,
        TRIAL,
        Column("part", TEXT, "which images: validation"),
        Column("omega", REAL, "ω, ‖f(I₁) − f(I₂)‖² / ‖I₁ − I₂‖² of images in [0, 1], mean over pairs"),
        Column("variance", REAL, "variance of the codes f(I), mean over latent dimensions"),
        Column("scaled_omega", REAL, "omega / variance: ω of codes that are scaled to a variance of 1"),
        Column(
            "unrelated_omega",
            REAL,
            "what scaled_omega is if codes are as far apart whatever their images: 2 dim(z) times the mean of "
            "1 / ‖I₁ − I₂‖²",
        ),
        Column("steepest_pair", REAL, "root of the largest ω: no Lipschitz constant of f is smaller"),
        Column("steepest_image", REAL, "largest singular value of the encoder's Jacobian at any of `jacobians` images"),
        Column(
            "lipschitz_bound",
            REAL,
            "product of the spectral norms of the encoder's layers: no Lipschitz constant needs to be larger; empty "
            "where the encoder is no chain of known layers",
            nullable=True,
        ),
        Column("pairs", INTEGER, "number of pairs", "pairs"),
        Column("jacobians", INTEGER, "number of images at which the Jacobian was examined", "images"),
    ),
    keys=3,
)


class Omega(MeasureSettings):
    """The stretch ω of an encoder on held-out pairs, and bounds of its Lipschitz constant: two lower, one upper.

    f(I) is the posterior's mean. As ω is a ratio of squares, it is bounded by the square of the Lipschitz constant
    (the paper leaves out the square). An encoder lowers ω by merely shrinking its codes; divided by their variance,
    ω does not change with the scale. What then is left is whether similar images have similar codes: if not,
    `scaled_omega` is `unrelated_omega`, a number of the data set alone.

    Source: Manoj (2018), Section 4.1.
    """

    code: ClassVar[str] = "raysweep.measures.omega"
    table: ClassVar[Table] = OMEGA
    kind: Literal["omega"] = "omega"
    name: Name = "omega"
    pairs: Annotated[int, Field(ge=2)] = 10_000
    """Random pairs of validation images."""
    jacobians: PositiveInt = 64
    """Validation images at which the Jacobian is examined; all where there are fewer."""

    @override
    def applies_to(self, model: FamilySettings) -> bool:
        """Only where there is an encoder."""
        return model.has_encoder

    @override
    def shards(self, model: FamilySettings, facts: DataFacts) -> tuple[Shard, ...]:
        """A single one."""
        return (Shard("validation", 0, self.pairs),)

    @override
    def flop(self, model: FamilySettings, facts: DataFacts, shard: Shard) -> float:
        """A step of the power iteration is a product with the Jacobian and one with its
        transpose, of about two passes each.
        """
        images = min(2 * self.pairs, facts.validation)
        return (images + self.jacobians * POWER_STEPS * 4) * model.encoder_flop(facts)
