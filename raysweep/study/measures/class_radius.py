"""Expected distance from a prior sample to the nearest point of another class."""

from pathlib import Path
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, PositiveInt, model_validator

from raysweep.schema import INTEGER, REAL, TEXT, Column, Table
from raysweep.study.base import Name
from raysweep.study.data import DataFacts
from raysweep.study.measures.base import MEASURE, TRIAL, MeasureSettings, Shard, cut
from raysweep.study.measures.classes import Classifier, check_classifier
from raysweep.study.models import FamilySettings

CLASS_RADIUS = Table(
    "class_radius",
    "a prior sample and its distance to the nearest other class found",
    (
        MEASURE,
        TRIAL,
        Column("sample", INTEGER, "index of the prior sample"),
        Column("radius", REAL, "‖z − z'‖; infinite where no other class was found"),
        Column("exact", REAL, "r(z) in closed form; empty for all models but toys", nullable=True),
        Column("label", INTEGER, "class of the sample's image"),
        Column("other_label", INTEGER, "class of the image at z'; empty where none was found", nullable=True),
        Column("status", TEXT, "found, or censored where no other class was found"),
        Column("evaluations", INTEGER, "generator passes spent on the sample, without the shared bank", "passes"),
    ),
    keys=3,
)


class ClassRadius(MeasureSettings):
    """Expected distance in latent space from a prior sample to the nearest point of another class.

    Classes are those of `classifier`, through the generator. An upper estimate: for each sample the boundary is
    approached from the nearest prior samples of other classes and along the best of several random rays, and then
    followed downhill.

    Source: Manoj (2018), Definition 2.5.
    """

    table: ClassVar[Table] = CLASS_RADIUS
    needs_images: ClassVar[bool] = False
    kind: Literal["class_radius"] = "class_radius"
    name: Name = "class_radius"
    classifier: Classifier = "lenet"
    """What tells classes: the study's LeNet, or for points the nearest mode."""
    samples: PositiveInt = 500
    shard: PositiveInt = 100
    bank: PositiveInt = 10_000
    """Prior samples, classified once per shard, among which near samples of other classes are sought."""
    bank_starts: Annotated[int, Field(ge=0)] = 4
    rays: PositiveInt = 16
    """Random directions that are searched for a boundary."""
    ray_starts: Annotated[int, Field(ge=0)] = 4
    projections: Annotated[int, Field(ge=0)] = 6
    """Steps down to the boundary's nearest point, from each start."""

    @model_validator(mode="after")
    def _some_start(self) -> Self:
        if self.bank_starts + self.ray_starts == 0:
            raise ValueError("bank_starts and ray_starts are both 0: the search needs a start; give at least one")
        return self

    @property
    def needs_classifier(self) -> bool:
        """With the LeNet's classes."""
        return self.classifier == "lenet"

    def check(self, facts: DataFacts, root: Path) -> None:
        """See `MeasureSettings`: the classifier must fit the data."""
        check_classifier(self.name, self.classifier, facts)

    def applies_to(self, model: FamilySettings) -> bool:
        """Only where latents are drawn from a prior."""
        return model.has_prior

    def shards(self, model: FamilySettings, facts: DataFacts) -> tuple[Shard, ...]:
        """See `MeasureSettings`."""
        return cut("samples", self.samples, self.shard)

    def flop(self, model: FamilySettings, facts: DataFacts, shard: Shard) -> float:
        """See `MeasureSettings`."""
        starts = self.bank_starts + self.ray_starts
        evaluations = self.rays * 12 + starts * self.projections * 4
        images = (shard.stop - shard.start) * evaluations + self.bank
        return images * model.decoder_flop(facts)
