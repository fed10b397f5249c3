"""Where the encoder puts images in the latent space."""

from typing import ClassVar, Literal

from pydantic import PositiveInt
from typing_extensions import override

from raysweep.study.base import Name
from raysweep.study.data import DataFacts
from raysweep.study.measures.base import MEASURE, MeasureSettings, Shard
from raysweep.study.models import FamilySettings
from raysweep.study.table import INTEGER, REALS, TEXT, TRIAL, Column, Table

ENCODINGS = Table(
    "encodings",
    "an image that was encoded",
    (
        MEASURE,
        TRIAL,
        Column("part", TEXT, "the image's split: train or validation"),
        Column("image", INTEGER, "index of the image in its split"),
        Column("label", INTEGER, "its class; empty where the data set has none", nullable=True),
        Column("z", REALS, "its latent: the posterior's mean for a VAE"),
        Column("deviation", REALS, "the posterior's standard deviations; empty where there is none", nullable=True),
    ),
    keys=4,
)


class Encodings(MeasureSettings):
    """Where the encoder puts images: the posterior's means and standard deviations, by class.

    The images are a seeded choice, the same for all trials; those of `Holes` are the first of the same order.

    Source: Manoj (2018), Figures 2.2 and 4.1.
    """

    code: ClassVar[str] = "raysweep.measures.encodings"
    table: ClassVar[Table] = ENCODINGS
    kind: Literal["encodings"] = "encodings"
    name: Name = "encodings"
    images: PositiveInt = 5_000
    """Of each split; all where it has fewer."""

    @override
    def applies_to(self, model: FamilySettings) -> bool:
        """Only where there is an encoder."""
        return model.has_encoder

    @override
    def shards(self, model: FamilySettings, facts: DataFacts) -> tuple[Shard, ...]:
        """One per split."""
        return (
            Shard("train", 0, min(self.images, facts.train)),
            Shard("validation", 0, min(self.images, facts.validation)),
        )

    @override
    def flop(self, model: FamilySettings, facts: DataFacts, shard: Shard) -> float:
        return (shard.stop - shard.start) * model.encoder_flop(facts)
