"""What is measured on every trained model. Settings only: `raysweep.measures` has the code that runs.

A measure is cut into shards whose boundaries come from these settings and the data set alone, never from the number
of workers, so its table is the same whatever computes it.
"""

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, PositiveInt, model_validator

from raysweep.study.base import Frozen, Name
from raysweep.study.data import DataFacts
from raysweep.study.models import FamilySettings, LatentSettings
from raysweep.study.solvers import AnySolver, Automatic

Part = Literal["train", "validation", "generated", "samples", "reconstructions"]


@dataclass(frozen=True)
class Shard:
    """A piece of a measure of one trial: items `start` to `stop` (exclusive) of `part`."""

    part: Part
    start: int
    stop: int

    @property
    def key(self) -> str:
        """The shard's file name: `train-000100-000200`."""
        return f"{self.part}-{self.start:06d}-{self.stop:06d}"


def cut(part: Part, items: int, size: int) -> tuple[Shard, ...]:
    """`items` items in shards of at most `size`."""
    return tuple(Shard(part, start, min(start + size, items)) for start in range(0, items, size))


class MeasureSettings(Frozen):
    """A measure. `name` tells two measures of one kind apart; shards and tables carry it."""

    table: ClassVar[str]
    """The table (in `raysweep.schema`) that its rows go to."""
    kind: str
    name: Name = "measure"

    @property
    def needs_classifier(self) -> bool:
        """Whether the study must train its LeNet first."""
        return False

    @property
    def needs_reference(self) -> bool:
        """Whether statistics of the data set must be computed first, once for all trials."""
        return False

    def applies_to(self, model: FamilySettings) -> bool:
        """Whether there is anything to measure on this family."""
        return model.has_prior or model.has_encoder

    def shards(self, model: FamilySettings, facts: DataFacts) -> tuple[Shard, ...]:
        """How the measure of one trial is cut."""
        raise NotImplementedError

    def flop(self, model: FamilySettings, facts: DataFacts, shard: Shard) -> float:
        """Estimated floating-point operations of one shard."""
        raise NotImplementedError

    def key(self, classifier_id: str) -> str:
        """Folder name of the measure's shards: its name, and a hash of all that determines its rows."""
        return f"{self.name}-{self.content_hash(classifier_id if self.needs_classifier else '')}"


class Reconstruction(MeasureSettings):
    """How well each image is reached: encode and decode, or invert the generator.

    `images` of each split are measured, a seeded choice that is the same for all trials and measures. For inverted
    generators, `generated` images made from known latents are inverted as well: their true error is zero, so what is
    left is the failure of the optimiser, to be read beside every other error.
    """

    table: ClassVar[str] = "reconstruction"
    kind: Literal["reconstruction"] = "reconstruction"
    name: Name = "reconstruction"
    images: PositiveInt = 1_000
    generated: Annotated[int, Field(ge=0)] = 100
    shard: PositiveInt = 100
    keep: Annotated[int, Field(ge=0)] = 8
    """Of how many images per split the pixels are kept, for grids."""
    solver: AnySolver = Automatic()
    """How generators are inverted."""

    def shards(self, model: FamilySettings, facts: DataFacts) -> tuple[Shard, ...]:
        """See `MeasureSettings`."""
        parts = cut("train", min(self.images, facts.train), self.shard)
        parts += cut("validation", min(self.images, facts.validation), self.shard)
        return parts if model.has_encoder else parts + cut("generated", self.generated, self.shard)

    def flop(self, model: FamilySettings, facts: DataFacts, shard: Shard) -> float:
        """See `MeasureSettings`."""
        images = shard.stop - shard.start
        if model.has_encoder:
            return images * 2.0 * sum(network.multiply_adds for network in model.networks(facts).values())
        assert isinstance(model, LatentSettings)
        solver = self.solver.at(model.latent_dim)
        return (images * solver.expected_passes(model.latent_dim) + solver.bank_size) * model.decoder_flop(facts)


class FrechetDistance(MeasureSettings):
    """Fréchet distance between features of generated (or reconstructed) images and of real ones.

    Samples where there is a prior; reconstructions of validation images where there is an encoder. Features are
    Inception's 2,048 (then it is the FID), or the 84 of a LeNet trained on the data set, for images that are not
    Inception's world.

    Source: Heusel et al. (2017).
    """

    table: ClassVar[str] = "frechet"
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


class ClassRadius(MeasureSettings):
    """Expected distance in latent space from a prior sample to the nearest point of another class.

    Classes are the LeNet's, through the generator. An upper estimate: for each sample the boundary is approached from
    the nearest prior samples of other classes and along the best of several random rays, and then followed downhill.

    Source: Manoj (2018), Definition 2.5.
    """

    table: ClassVar[str] = "class_radius"
    kind: Literal["class_radius"] = "class_radius"
    name: Name = "class_radius"
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
        """Always."""
        return True

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


class Samples(MeasureSettings):
    """Pictures: `count` images generated from the same prior samples for every trial of one dim(z)."""

    table: ClassVar[str] = "samples"
    kind: Literal["samples"] = "samples"
    name: Name = "samples"
    count: PositiveInt = 64

    def applies_to(self, model: FamilySettings) -> bool:
        """Only where latents are drawn from a prior."""
        return model.has_prior

    def shards(self, model: FamilySettings, facts: DataFacts) -> tuple[Shard, ...]:
        """See `MeasureSettings`."""
        return (Shard("samples", 0, self.count),)

    def flop(self, model: FamilySettings, facts: DataFacts, shard: Shard) -> float:
        """See `MeasureSettings`."""
        return self.count * model.decoder_flop(facts)


AnyMeasure = Annotated[Reconstruction | FrechetDistance | ClassRadius | Samples, Field(discriminator="kind")]
"""Every measure that a study can name. A new one is added here and in `raysweep.measures`."""
