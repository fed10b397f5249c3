"""The classes in a latent space of one or two dimensions, as a map."""

from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import Field, PositiveInt
from typing_extensions import override

from raysweep.study.base import Name, Positive
from raysweep.study.data import DataFacts
from raysweep.study.measures.base import MEASURE, MeasureSettings, Shard
from raysweep.study.measures.classes import Classifier, check_classifier
from raysweep.study.models import FamilySettings, LatentSettings
from raysweep.study.table import INTEGER, REALS, TEXT, TRIAL, Column, Table

CLASS_MAP = Table(
    "class_map",
    "a line of the map, or the prior samples",
    (
        MEASURE,
        TRIAL,
        Column("part", TEXT, "plane, a line of the map; or samples, all prior samples"),
        Column("line", INTEGER, "index of the line, from the smallest second coordinate up; 0 for prior samples"),
        Column("z", REALS, "the latents, one after the other"),
        Column("labels", REALS, "class number of each latent's image"),
        Column("points", REALS, "g(z) of each latent: x, y, x, y …; empty for images", nullable=True),
    ),
    keys=4,
)


class ClassMap(MeasureSettings):
    """Class of g(z) on a grid over [-extent, extent]ᵈ, for models with dim(z) ≤ 2; and `samples` prior samples.

    Source: Manoj (2018), Fig. 2.1.
    """

    code: ClassVar[str] = "raysweep.measures.class_map"
    table: ClassVar[Table] = CLASS_MAP
    needs_images: ClassVar[bool] = False
    kind: Literal["class_map"] = "class_map"
    name: Name = "class_map"
    classifier: Classifier = "lenet"
    """What tells classes: the study's LeNet, the nearest mode, or whether a reference is within ε."""
    resolution: Annotated[int, Field(ge=2)] = 150
    """Latents along each axis of the grid."""
    extent: Positive = 3.0
    samples: PositiveInt = 400

    @property
    @override
    def needs_classifier(self) -> bool:
        """With the LeNet's classes."""
        return self.classifier == "lenet"

    @override
    def check(self, facts: DataFacts, root: Path) -> None:
        """The classifier must fit the data."""
        check_classifier(self.name, self.classifier, facts)

    @override
    def applies_to(self, model: FamilySettings) -> bool:
        """Where the latent space has a prior, and can be drawn."""
        return model.has_prior and isinstance(model, LatentSettings) and model.latent_dim <= 2

    @override
    def shards(self, model: FamilySettings, facts: DataFacts) -> tuple[Shard, ...]:
        """The lines of the map, and the samples as one more."""
        assert isinstance(model, LatentSettings)
        lines = self.resolution if model.latent_dim == 2 else 1
        return Shard("plane", 0, lines), Shard("samples", 0, 1)

    @override
    def flop(self, model: FamilySettings, facts: DataFacts, shard: Shard) -> float:
        latents = self.samples if shard.part == "samples" else self.resolution * (shard.stop - shard.start)
        return latents * model.decoder_flop(facts)
