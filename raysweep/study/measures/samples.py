"""Pictures of generated images."""

from typing import ClassVar, Literal

from pydantic import PositiveInt
from typing_extensions import override

from raysweep.study.base import Name
from raysweep.study.data import DataFacts
from raysweep.study.measures.base import MEASURE, MeasureSettings, Shard
from raysweep.study.models import FamilySettings
from raysweep.study.table import BYTES, INTEGER, TRIAL, Column, Table

SAMPLES = Table(
    "samples",
    "a generated image",
    (
        MEASURE,
        TRIAL,
        Column("sample", INTEGER, "index of the prior sample; equal for all trials of one dim(z)"),
        Column("pixels", BYTES, "pixels (channels, height, width) as bytes"),
    ),
    keys=3,
)


class Samples(MeasureSettings):
    """Pictures: `count` images generated from the same prior samples for every trial of one dim(z)."""

    code: ClassVar[str] = "raysweep.measures.samples"
    table: ClassVar[Table] = SAMPLES
    kind: Literal["samples"] = "samples"
    name: Name = "samples"
    count: PositiveInt = 64

    @override
    def applies_to(self, model: FamilySettings) -> bool:
        """Only where latents are drawn from a prior."""
        return model.has_prior

    @override
    def shards(self, model: FamilySettings, facts: DataFacts) -> tuple[Shard, ...]:
        return (Shard("samples", 0, self.count),)

    @override
    def flop(self, model: FamilySettings, facts: DataFacts, shard: Shard) -> float:
        return self.count * model.decoder_flop(facts)
