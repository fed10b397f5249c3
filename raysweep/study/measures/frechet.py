"""Fréchet distance between features of generated, or reconstructed, images and of real ones."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from raysweep.schema import INTEGER, REAL, TEXT, Column, Table
from raysweep.study.base import Name
from raysweep.study.data import DataFacts
from raysweep.study.measures.base import MEASURE, PART, TRIAL, MeasureSettings, Shard
from raysweep.study.models import FamilySettings

FRECHET = Table(
    "frechet",
    "a Fréchet distance",
    (
        MEASURE,
        TRIAL,
        PART,
        Column("features", TEXT, "network whose features are compared"),
        Column("reference", TEXT, "split of the real images"),
        Column("samples", INTEGER, "number of generated or reconstructed images", "images"),
        Column("reference_images", INTEGER, "number of real images", "images"),
        Column("distance", REAL, "squared Fréchet distance between Gaussians fitted to the features"),
    ),
    keys=3,
)


class FrechetDistance(MeasureSettings):
    """Fréchet distance between features of generated (or reconstructed) images and of real ones.

    Samples where there is a prior; reconstructions of validation images where there is an encoder. Features are
    Inception's 2,048 (then it is the FID), or the 84 of a LeNet trained on the data set, for images that are not
    Inception's world.

    Source: Heusel et al. (2017).
    """

    table: ClassVar[Table] = FRECHET
    kind: Literal["frechet"] = "frechet"
    name: Name = "frechet"
    features: Literal["lenet", "inception"] = "lenet"
    samples: Annotated[int, Field(ge=2)] = 10_000
    reference: Literal["train", "validation"] = "train"
    reference_images: Annotated[int, Field(ge=2)] | None = None
    """Real images used for the reference; all of the split by default."""

    @property
    def needs_classifier(self) -> bool:
        """With LeNet's features."""
        return self.features == "lenet"

    @property
    def needs_reference(self) -> bool:
        """Always: mean and covariance of the real images' features."""
        return True

    def shards(self, model: FamilySettings, facts: DataFacts) -> tuple[Shard, ...]:
        """See `MeasureSettings`: one per source, since the statistics need all images."""
        samples = (Shard("samples", 0, self.samples),) if model.has_prior else ()
        held_out = min(self.samples, facts.validation)
        return samples + ((Shard("reconstructions", 0, held_out),) if model.has_encoder else ())

    def flop(self, model: FamilySettings, facts: DataFacts, shard: Shard) -> float:
        """See `MeasureSettings`; Inception takes 11.4 GFLOP an image (5.7 G multiply-adds at 299 × 299)."""
        features = 11.4e9 if self.features == "inception" else 1e6
        return (shard.stop - shard.start) * (model.decoder_flop(facts) + features)
