"""Expected distance from a prior sample to the nearest point of another class."""

from pathlib import Path
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, NonNegativeInt, PositiveInt, model_validator
from typing_extensions import override

from raysweep.study.base import Name
from raysweep.study.data import DataFacts
from raysweep.study.measures.base import MEASURE, MeasureSettings, Shard, cut
from raysweep.study.measures.classes import Classifier, check_classifier, class_count
from raysweep.study.models import FamilySettings, LatentSettings
from raysweep.study.models.toy import Toy
from raysweep.study.table import INTEGER, REAL, TEXT, TRIAL, Column, Table

CLASS_RADIUS = Table(
    "class_radius",
    "a prior sample and its distance to the nearest other class found",
    (
        MEASURE,
        TRIAL,
        Column("sample", INTEGER, "index of the prior sample"),
        Column("radius", REAL, "‖z − z'‖, an upper estimate of r(z); infinite where no other class was found"),
        Column("lower", REAL, "a lower bound of r(z); empty where there is none", nullable=True),
        Column(
            "lower_by",
            TEXT,
            "what the lower bound is from: exact, r(z) of a toy in closed form; grid, but for a region of a class that "
            "slips between its points; certified, proved for the layers; or none, and why",
        ),
        Column("label", INTEGER, "class of the sample's image"),
        Column("other_label", INTEGER, "class of the image at z'; empty where none was found", nullable=True),
        Column("status", TEXT, "found, or censored where no other class was found"),
        Column("converged", INTEGER, "1 if the search came to rest at z', a local minimum; 0 if it ran out of steps"),
        Column("evaluations", INTEGER, "generator passes of the search; the shared bank is not in them", "passes"),
    ),
    keys=3,
)

GRID_SPACING, GRID_TOLERANCE = 0.1, 1e-3
"""Of the grid behind the lower bound at dim(z) = 2. A region of a class that slips between its points is not seen."""

PASSES_GRID, PASSES_GRID_SAMPLE = 10_000, 400
"""Generator passes of that grid: at its start, and for each sample. Measured on digits: 36,000 to 59,000 for 100."""

PASSES_FURTHER = 30
"""Passes a sample for searches that go further, in the mean. Measured on networks in 2 to 64 dimensions: 29."""


class ClassRadius(MeasureSettings):
    """Expected distance in latent space from a prior sample to the nearest point of another class.

    Classes are those of `classifier`, through the generator. `radius` is an upper estimate: for each sample the
    boundary is approached down the margin's gradient and from the nearest prior samples of other classes, followed
    downhill, and then looked for again along random rays. A search that has not come to rest goes on from more starts.
    `lower` is a lower bound, where one can be had: by an adaptive grid in two dimensions, in more proved by linear
    bounds of the layers, which are far below r(z) for deep networks.

    Source: Manoj (2018), Definitions 2.3 and 2.5.
    """

    version: ClassVar[int] = 2
    code: ClassVar[str] = "raysweep.measures.class_radius"
    table: ClassVar[Table] = CLASS_RADIUS
    needs_images: ClassVar[bool] = False
    kind: Literal["class_radius"] = "class_radius"
    name: Name = "class_radius"
    classifier: Classifier = "lenet"
    """What tells classes: the study's LeNet, the nearest mode, or whether a reference is within ε."""
    samples: PositiveInt = 500
    shard: PositiveInt = 100
    bank: PositiveInt = 10_000
    """Prior samples, classified once per shard, among which near samples of other classes are sought."""
    bank_starts: Annotated[int, Field(ge=0)] = 4
    rays: PositiveInt = 32
    """Random directions in which another class is looked for, about as far as the nearest one found."""
    ray_starts: Annotated[int, Field(ge=0)] = 4
    projections: Annotated[int, Field(ge=0)] = 6
    """Steps down to the boundary's nearest point, from each start."""
    lower_up_to: NonNegativeInt = 10
    """The largest dim(z) at which a lower bound is computed, as its cost grows with dim(z); 0 for none."""

    @model_validator(mode="after")
    def _some_start(self) -> Self:
        if self.bank_starts + self.ray_starts == 0:
            raise ValueError("bank_starts and ray_starts are both 0: the search needs a start; give at least one")
        return self

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
        """Only where latents are drawn from a prior."""
        return model.has_prior

    @override
    def shards(self, model: FamilySettings, facts: DataFacts) -> tuple[Shard, ...]:
        return cut("samples", self.samples, self.shard)

    @override
    def flop(self, model: FamilySettings, facts: DataFacts, shard: Shard) -> float:
        samples = shard.stop - shard.start
        # Measured: a start takes up to 8 passes, as most end early; a ray 1.4, with its share of the bisections.
        start = 3 + 2 * min(self.projections, 2.5)
        rays = 1.4 * self.rays + 6 * self.ray_starts if self.ray_starts else 0
        further = PASSES_FURTHER if self.projections else 0
        search = samples * (16 + start * self.bank_starts + rays + further) + self.bank + 2 * min(self.bank, 500)
        return (search + self._passes_of_lower(model, facts, samples)) * model.decoder_flop(facts)

    def _passes_of_lower(self, model: FamilySettings, facts: DataFacts, samples: int) -> float:
        """What the lower bound costs, as generator passes."""
        assert isinstance(model, LatentSettings)
        if model.latent_dim > self.lower_up_to or isinstance(model, Toy):
            return 0
        if model.latent_dim == 2:
            return PASSES_GRID + PASSES_GRID_SAMPLE * samples
        # 13 balls a sample: a function for each slope, below and above, by sign; and a graph for each class.
        return 13 * samples * (4 * (1 + model.latent_dim) + 3 * class_count(self.classifier, facts))
