"""How much of the way between two images lies off the data."""

from pathlib import Path
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, PositiveInt, model_validator
from typing_extensions import override

from raysweep.errors import UserError
from raysweep.study.base import Name
from raysweep.study.data import DataFacts
from raysweep.study.measures.base import MEASURE, MeasureSettings, Shard, cut
from raysweep.study.measures.quality import LENET_FLOP
from raysweep.study.models import FamilySettings
from raysweep.study.table import BYTES, INTEGER, REAL, REALS, TEXT, TRIAL, Column, Table

LENET_FEATURES = 84
"""Length of the LeNet's features."""

Way = Literal["linear", "spherical", "blend", "prior"]
"""How a path goes: between two encodings in a straight line, or along the sphere; from pixel to pixel of the two
images; or along the sphere between two prior samples."""

INTERPOLATION = Table(
    "interpolation",
    "a path between two images",
    (
        MEASURE,
        TRIAL,
        Column(
            "part",
            TEXT,
            "the path: linear or spherical between encodings, blend of the two images' pixels, prior (spherical "
            "between two prior samples)",
        ),
        Column("pair", INTEGER, "index of the pair; a pair is of the same images in all trials and parts but prior"),
        Column("first", INTEGER, "validation image at the start; empty for prior samples", nullable=True),
        Column("second", INTEGER, "validation image at the end; empty for prior samples", nullable=True),
        Column("off", REAL, "share of its positions that are farther than the threshold from every training image"),
        Column("distances", REALS, "at each position, the distance to the nearest training image; ends included"),
        Column("threshold", REAL, "quantile of the same distance of validation images"),
        Column("quantile", REAL, "share of validation images within the threshold"),
        Column("space", TEXT, "in what distances are measured: pixels, or features of the LeNet"),
        Column("images", INTEGER, "number of training images among which the nearest is sought", "images"),
        Column("held_out", INTEGER, "number of validation images behind the threshold", "images"),
        Column("path", BYTES, "pixels (position, channels, height, width) as bytes; empty for most", nullable=True),
    ),
    keys=4,
)


class Interpolation(MeasureSettings):
    """Share of the path between two images that lies off the data.

    Pairs of validation images, of different classes where there are classes, are encoded, their latents interpolated
    and decoded at `points` positions. A position is off the data if its distance to the nearest training image exceeds
    the `quantile` of the same distance of validation images. Two controls stand in the same table: the blend of the
    two images themselves, pixel by pixel, whose ends are real; and every path's own ends, which are reconstructions.

    In pixels, blurred images are closer to their neighbours than sharp ones: there the threshold favours blur. The
    LeNet's features are the better judge where there are classes.

    Source: Manoj (2018), Section 4.2, which states no protocol. Spherical paths: White (2016), Section 2.1.
    """

    code: ClassVar[str] = "raysweep.measures.interpolation"
    table: ClassVar[Table] = INTERPOLATION
    kind: Literal["interpolation"] = "interpolation"
    name: Name = "interpolation"
    ways: Annotated[tuple[Way, ...], Field(min_length=1)] = ("linear", "blend", "prior")
    """The paths, as far as the family has what they need: an encoder, or a prior."""
    pairs: PositiveInt = 500
    points: Annotated[int, Field(ge=3)] = 11
    """Positions on each path, ends included."""
    space: Literal["lenet", "pixels"] = "lenet"
    images: PositiveInt = 10_000
    """Training images among which the nearest is sought, and as many held-out ones for the threshold; all of a split
    where it has fewer."""
    quantile: Annotated[float, Field(gt=0, lt=1)] = 0.95
    shard: PositiveInt = 100
    """Paths in a shard."""
    keep: Annotated[int, Field(ge=0)] = 4
    """Pairs whose paths' pixels are kept."""

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        if len(set(self.ways)) < len(self.ways):
            raise ValueError(f"ways is {self.ways}: it names a path twice; name each once")
        return self

    @property
    @override
    def needs_classifier(self) -> bool:
        """In the LeNet's features."""
        return self.space == "lenet"

    @property
    @override
    def needs_reference(self) -> bool:
        """Always: the training images in the space of distances, and the threshold."""
        return True

    @override
    def check(self, facts: DataFacts, root: Path) -> None:
        """Points in the plane have no such features."""
        if self.space == "lenet" and facts.shape.size == 1:
            raise UserError(
                f"measure {self.name}: the LeNet's features are of images, and this data set has points; set space to "
                "'pixels'"
            )

    @override
    def applies_to(self, model: FamilySettings) -> bool:
        """Only where there is something to interpolate between."""
        return bool(self._ways(model))

    @override
    def shards(self, model: FamilySettings, facts: DataFacts) -> tuple[Shard, ...]:
        return tuple(shard for way in self._ways(model) for shard in cut(way, self.pairs, self.shard))

    @override
    def flop(self, model: FamilySettings, facts: DataFacts, shard: Shard) -> float:
        """Encoding the ends, decoding, and the distance of every position to every image."""
        encoding = 0.0 if shard.part in ("blend", "prior") else 2 * model.encoder_flop(facts)
        decoding = 0.0 if shard.part == "blend" else model.decoder_flop(facts)
        length, features = (LENET_FEATURES, LENET_FLOP) if self.space == "lenet" else (facts.shape.pixels, 0.0)
        distances = 2.0 * min(self.images, facts.train) * length
        return (shard.stop - shard.start) * (encoding + self.points * (decoding + features + distances))

    def _ways(self, model: FamilySettings) -> tuple[Way, ...]:
        return tuple(way for way in self.ways if (model.has_prior if way == "prior" else model.has_encoder))
