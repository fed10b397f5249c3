"""Settings that measures of sample quality share: which images they judge, and by which features."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field
from typing_extensions import override

from raysweep.errors import UserError
from raysweep.study.data import DataFacts
from raysweep.study.measures.base import MeasureSettings, Shard
from raysweep.study.models import FamilySettings
from raysweep.study.table import INTEGER, TEXT, Column

FEATURES = Column("features", TEXT, "network whose features are compared")
REFERENCE = Column("reference", TEXT, "split of the real images")
SAMPLES = Column("samples", INTEGER, "number of generated or reconstructed images", "images")
REFERENCE_IMAGES = Column("reference_images", INTEGER, "number of real images", "images")
FLOOR_IMAGES = Column(
    "floor_images", INTEGER, "number of images behind the floor: `samples`, or all of the split", "images"
)

INCEPTION_FLOP, LENET_FLOP = 11.4e9, 1e6
"""Operations of a network's features of one image; Inception's are 5.7 G multiply-adds at 299 × 299 pixels."""


class QualitySettings(MeasureSettings):
    """A measure of how generated images relate to real ones: samples where there is a prior, and reconstructions of
    validation images where there is an encoder.

    All such measures judge the same images: the first ones of a trial's own prior samples, and of one random order of
    the validation images.
    """

    features: Literal["lenet", "inception"] = "lenet"
    """Inception's 2,048 features, or the 84 of a LeNet trained on the data set, for images not of Inception's world."""
    samples: Annotated[int, Field(ge=2)] = 10_000

    @property
    def features_length(self) -> int:
        """Number of features of an image."""
        return {"lenet": 84, "inception": 2048}[self.features]

    @property
    @override
    def needs_classifier(self) -> bool:
        """With LeNet's features."""
        return self.features == "lenet"

    @property
    @override
    def needs_reference(self) -> bool:
        """Always: the features of the real images are computed once for all trials."""
        return True

    @override
    def check(self, facts: DataFacts, root: Path) -> None:
        """Points in the plane have no such features."""
        if facts.points:
            raise UserError(
                f"measure {self.name}: {self.kind} compares features of images, and this data set has points; "
                "leave it out"
            )

    @override
    def shards(self, model: FamilySettings, facts: DataFacts) -> tuple[Shard, ...]:
        """One per source, since all its images are judged together."""
        samples = (Shard("samples", 0, self.samples),) if model.has_prior else ()
        held_out = min(self.samples, facts.validation)
        return samples + ((Shard("reconstructions", 0, held_out),) if model.has_encoder else ())

    @override
    def flop(self, model: FamilySettings, facts: DataFacts, shard: Shard) -> float:
        """Generating the images and their features, which measures in one process share."""
        features = INCEPTION_FLOP if self.features == "inception" else LENET_FLOP
        return (shard.stop - shard.start) * (model.decoder_flop(facts) + features)


class ReferenceSettings(QualitySettings):
    """A measure of sample quality against a set of real images."""

    reference: Literal["train", "validation"] = "train"
    reference_images: Annotated[int, Field(ge=2)] | None = None
    """Real images of the reference; all of the split by default."""
