"""Precision, recall, density and coverage of generated, or reconstructed, images against real ones."""

from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import Field, PositiveInt
from typing_extensions import override

from raysweep.errors import UserError
from raysweep.study.base import Name
from raysweep.study.data import DataFacts
from raysweep.study.measures.base import MEASURE, PART, Shard
from raysweep.study.measures.quality import (
    FEATURES,
    REFERENCE,
    REFERENCE_IMAGES,
    SAMPLES,
    ReferenceSettings,
)
from raysweep.study.models import FamilySettings
from raysweep.study.table import INTEGER, REAL, TRIAL, Column, Table

PRECISION_RECALL = Table(
    "precision_recall",
    "a model's precision, recall, density and coverage",
    (
        MEASURE,
        TRIAL,
        PART,
        FEATURES,
        REFERENCE,
        SAMPLES,
        REFERENCE_IMAGES,
        Column("neighbours", INTEGER, "k of precision and recall: a ball reaches to the k-th nearest of its own set"),
        Column("density_neighbours", INTEGER, "k of density and coverage"),
        Column("precision", REAL, "share of generated images that lie in a ball around a real one"),
        Column("recall", REAL, "share of real images that lie in a ball around a generated one"),
        Column("density", REAL, "mean number of balls around real images that hold a generated one, over k"),
        Column("coverage", REAL, "share of balls around real images that hold a generated one"),
        Column("held_out_precision", REAL, "precision of real images of the other split; equal for all trials"),
        Column("held_out_recall", REAL, "their recall"),
        Column("held_out_density", REAL, "their density"),
        Column("held_out_coverage", REAL, "their coverage"),
        Column("held_out_images", INTEGER, "their number: `samples`, or all of the split", "images"),
    ),
    keys=3,
)


class PrecisionRecall(ReferenceSettings):
    """Precision and recall, density and coverage of generated (or reconstructed) images in features.

    The support of a distribution is taken to be the balls around its images that reach to the k-th nearest other one.
    All four depend on the numbers of images, so they must be compared with those of held-out real images.

    Source: Kynkäänniemi et al. (2019), Eq. 1 to 3; Naeem et al. (2020), Eq. 3 to 5. Their k are the defaults. We take
    the features of the other measures, where Kynkäänniemi et al. take those of VGG-16.
    """

    code: ClassVar[str] = "raysweep.measures.precision_recall"
    table: ClassVar[Table] = PRECISION_RECALL
    kind: Literal["precision_recall"] = "precision_recall"
    name: Name = "precision_recall"
    reference_images: Annotated[int, Field(ge=2)] | None = 10_000
    neighbours: PositiveInt = 3
    """k of precision and recall."""
    density_neighbours: PositiveInt = 5
    """k of density and coverage."""

    @override
    def check(self, facts: DataFacts, root: Path) -> None:
        """Every set of images must be larger than k."""
        super().check(facts, root)
        most = max(self.neighbours, self.density_neighbours)
        fewest = min(self.samples, self.reference_images or facts.train, facts.train, facts.validation)
        if most >= fewest:
            raise UserError(
                f"measure {self.name}: among {fewest} images none has {most} neighbours; lower neighbours and "
                "density_neighbours, or raise samples and reference_images"
            )

    @override
    def flop(self, model: FamilySettings, facts: DataFacts, shard: Shard) -> float:
        """Six sets of distances, within and between generated and real images."""
        images, real = shard.stop - shard.start, min(self.reference_images or facts.train, facts.count(self.reference))
        distances = 2 * self.features_length * images * max(images, real)
        return super().flop(model, facts, shard) + 6 * distances
