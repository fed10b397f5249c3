"""How many modes of a mixture a model captures, and how evenly."""

from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import Field, PositiveInt
from typing_extensions import override

from raysweep.errors import UserError
from raysweep.study.base import Name, Positive
from raysweep.study.data import DataFacts
from raysweep.study.measures.base import MEASURE, MeasureSettings, Shard
from raysweep.study.models import FamilySettings
from raysweep.study.models.toy import Toy
from raysweep.study.table import INTEGER, REAL, REALS, TRIAL, Column, Table

MODES = Table(
    "modes",
    "a trained model, and the modes that its samples fall on",
    (
        MEASURE,
        TRIAL,
        Column("captured", INTEGER, "modes with at least one high-quality sample", "modes"),
        Column("modes", INTEGER, "modes of the data", "modes"),
        Column("samples", INTEGER, "number of generated points", "points"),
        Column("deviations", REAL, "how near its mode a high-quality sample is, in the modes' standard deviations"),
        Column("high_quality", REAL, "share of high-quality samples"),
        Column("reverse_kl", REAL, "KL(generated ‖ data) of the shares of samples by nearest mode", "nat"),
        Column("nearest", REALS, "number of samples nearest to each mode, by class number", "points"),
        Column("points", REALS, "the first samples: x, y, x, y …"),
    ),
    keys=2,
)


class Modes(MeasureSettings):
    """Mode coverage on 2D-Grid, by the protocol of PacGAN.

    A sample is of high quality if it lies within `deviations` standard deviations of its nearest mode; a mode is
    captured if any high-quality sample is nearest to it. The reverse divergence Σ qᵢ ln(qᵢ / pᵢ) compares the shares
    qᵢ of all samples by their nearest mode with the data's pᵢ = 1/K.

    Source: Lin, Khetan, Fanti and Oh (2018), Section 4.1, after Srivastava et al. (2017): 2,500 samples, 3 deviations.
    """

    code: ClassVar[str] = "raysweep.measures.modes"
    table: ClassVar[Table] = MODES
    needs_images: ClassVar[bool] = False
    kind: Literal["modes"] = "modes"
    name: Name = "modes"
    samples: PositiveInt = 2_500
    deviations: Positive = 3.0
    keep: Annotated[int, Field(ge=0)] = 500
    """How many of the samples are kept, for scatter plots."""

    @override
    def check(self, facts: DataFacts, root: Path) -> None:
        """The data must have modes."""
        if not facts.points:
            raise UserError(f"measure {self.name}: these data have no known modes; set data=Grid2d(), or leave it out")

    @override
    def applies_to(self, model: FamilySettings) -> bool:
        """Where latents are drawn from a prior, and the generator is one that learned the modes."""
        return model.has_prior and not isinstance(model, Toy)

    @override
    def shards(self, model: FamilySettings, facts: DataFacts) -> tuple[Shard, ...]:
        """One, since the shares need all samples."""
        return (Shard("samples", 0, self.samples),)

    @override
    def flop(self, model: FamilySettings, facts: DataFacts, shard: Shard) -> float:
        return self.samples * model.decoder_flop(facts)
