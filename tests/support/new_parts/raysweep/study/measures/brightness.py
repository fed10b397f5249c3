"""How bright samples are."""

from typing import ClassVar, Literal

from pydantic import PositiveInt
from typing_extensions import override

from raysweep.study.base import Name
from raysweep.study.data import DataFacts
from raysweep.study.measures.base import MEASURE, PART, MeasureSettings, Shard
from raysweep.study.models import FamilySettings
from raysweep.study.table import REAL, TRIAL, Column, Table

BRIGHTNESS = Table(
    "brightness",
    "the samples of a model",
    (MEASURE, TRIAL, PART, Column("brightness", REAL, "their mean pixel value, in [-1, 1]")),
    keys=3,
)


class Brightness(MeasureSettings):
    """The mean pixel value of samples."""

    code: ClassVar[str] = "raysweep.measures.brightness"
    table: ClassVar[Table] = BRIGHTNESS
    kind: Literal["brightness"] = "brightness"
    name: Name = "brightness"
    samples: PositiveInt = 100

    @override
    def applies_to(self, model: FamilySettings) -> bool:
        return model.has_prior

    @override
    def shards(self, model: FamilySettings, facts: DataFacts) -> tuple[Shard, ...]:
        return (Shard("samples", 0, self.samples),)

    @override
    def flop(self, model: FamilySettings, facts: DataFacts, shard: Shard) -> float:
        return self.samples * model.decoder_flop(facts)
