"""How well each image is reached: encoded and decoded, or by inverting the generator."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import Field, PositiveInt, field_validator
from typing_extensions import override

from raysweep.errors import UserError
from raysweep.study.base import Name
from raysweep.study.data import DataFacts, DataSettings
from raysweep.study.measures.base import MEASURE, PART, MeasureSettings, Shard, cut
from raysweep.study.models import FamilySettings, LatentSettings
from raysweep.study.solvers import Automatic, Solver
from raysweep.study.table import BYTES, INTEGER, REAL, REALS, TEXT, TRIAL, Column, Table

CODES = 10_000
"""Training images, at most, whose codes whiten the latent space of a decoder that has no prior."""

SIGNAL_IMAGES = 500
"""Training images, at most, that tell how large errors could be."""

RECOVERED = 1e-4
"""A generated image is recovered if its error is below this share of the signal."""

CALIBRATION = 100
"""Generated images that must be recovered before a raised budget stands. They are not those of the part `generated`."""

RECONSTRUCTION = Table(
    "reconstruction",
    "an image that was reconstructed",
    (
        MEASURE,
        TRIAL,
        PART,
        Column("image", INTEGER, "index of the image in its split, or of the generated or noise image"),
        Column("mse", REAL, "squared error per pixel value, pixels in [-1, 1]", "1/pixel"),
        Column(
            "signal",
            REAL,
            f"mean squared deviation of {SIGNAL_IMAGES} training images (or all, if fewer) from their mean image, per "
            "pixel value: the error of a model that knows that image alone; the same in all rows",
            "1/pixel",
        ),
        Column(
            "repeated_mse",
            REAL,
            "the error at which the same solver ended from other starts: as many, but prior samples of their own; "
            "empty where the inversion was not repeated",
            "1/pixel",
            nullable=True,
        ),
        Column("z_norm", REAL, "‖z*‖ of the latent found or encoded; of the whitened one where a decoder was inverted"),
        Column("solver", TEXT, "encode, or the inversion's solver with its settings, as JSON"),
        Column("status", TEXT, "encoded; converged, stalled or budget spent for an inversion"),
        Column("passes", INTEGER, "generator passes spent on the image", "passes"),
        Column("z", REALS, "the latent whose image is the reconstruction; empty where it was not kept", nullable=True),
        Column("original", BYTES, "pixels (channels, height, width) as bytes; empty for most images", nullable=True),
        Column("reconstruction", BYTES, "pixels of the reconstruction; empty for most images", nullable=True),
    ),
    keys=4,
)


class Reconstruction(MeasureSettings):
    """How well each image is reached: encode and decode, or invert the generator.

    `images` of each split are measured, a seeded choice that is the same for all trials and measures. For inverted
    generators, `generated` images made from known latents are inverted as well: their true error is zero, so what is
    left is the failure of the optimiser, with which every other error must be compared.

    The same solver with the same budget also measures how well a model makes images that it was not trained for:
    `shifts`, `foreign` and `noise`.

    Source: Pinetz, Soukup and Pock (2019), Sections 4.2 and 5.3.
    """

    code: ClassVar[str] = "raysweep.measures.reconstruction"
    table: ClassVar[Table] = RECONSTRUCTION
    kind: Literal["reconstruction"] = "reconstruction"
    name: Name = "reconstruction"
    images: PositiveInt = 1_000
    generated: Annotated[int, Field(ge=0)] = 100
    shifts: tuple[PositiveInt, ...] = ()
    """By how many pixels the chosen training images are moved, each in one of the four directions along the axes.

    The direction is drawn once for each image and is the same for every distance and trial; the border is repeated
    into what is uncovered. The paper states neither."""
    foreign: DataSettings | None = None
    """Another data set, of whose validation images `images` are measured: resized bilinearly to the study's size
    (antialiased), in its number of channels."""
    noise: Annotated[int, Field(ge=0)] = 0
    """Images of independent uniform noise in [-1, 1]."""
    shard: PositiveInt = 100
    keep: Annotated[int, Field(ge=0)] = 8
    """For how many images per part the pixels are kept, for grids."""
    latents: bool = False
    """Keep z* of every image: 8 bytes a component."""
    solver: Solver = Automatic()
    """How generators are inverted."""
    recover: Annotated[float, Field(gt=0, le=1)] | None = None
    """Double the solver's steps until this share of generated images is recovered: 0.99, or None to leave the solver
    as it is.

    Each model gets a budget of its own, found on images that serve nothing else; all its images are inverted with it,
    and `solver` in their rows states it. Each process finds it anew, once a model."""
    doublings: PositiveInt = 5
    """The most doublings; images that are not recovered then stay so."""
    repeated: Annotated[int, Field(ge=0)] = 20
    """For how many images per part the inversion is repeated from other starts, to see whether it ends at equal errors.

    These are prior samples of their own, in place of z = 0, the bank's nearest, or the first prior samples; the solver
    and its budget are the same. The passes of repeated inversions are not in `passes`."""
    decoder: Literal["encode", "invert"] = "encode"
    """Of models with an encoder: "encode" uses it; "invert" sets it aside and inverts the decoder by `solver`, as if
    it were a GAN's generator, and measures nothing on models without an encoder, which "encode" inverts already.

    So that the same ball applies, the latents of a decoder without a prior are whitened: g'(u) = dec(μ + Σ^½ u) is
    inverted for u, with mean μ and covariance Σ of the codes of training images."""

    @field_validator("shifts")
    @classmethod
    def _different(cls, shifts: Sequence[int]) -> Sequence[int]:
        if len(set(shifts)) < len(shifts):
            raise ValueError(f"names a distance twice: {tuple(shifts)}; leave it out once")
        return shifts

    @property
    @override
    def other_data(self) -> tuple[DataSettings, ...]:
        return (self.foreign,) if self.foreign else ()

    @override
    def check(self, facts: DataFacts, root: Path) -> None:
        """Checks that shifts leave something of an image, and that there are enough foreign images."""
        size, farthest = facts.shape.size, max(self.shifts, default=0)
        if farthest >= size:
            raise UserError(
                f"measure {self.name}: shifts by {farthest} pixels leave nothing of images of {size} × {size}; "
                f"give at most {size - 1}"
            )
        if self.foreign:
            there = self.foreign.facts(root).validation
            if there < self.images:
                raise UserError(
                    f"measure {self.name}: images is {self.images:,}, but the foreign data set {self.foreign.kind} has "
                    f"{there:,} validation images; set images to at most {there:,}, or name another foreign data set"
                )

    def inverts(self, model: FamilySettings) -> bool:
        """Whether images are found by inverting the model's generator or decoder, not by encoding."""
        return self.decoder == "invert" or not model.has_encoder

    def whitens(self, model: FamilySettings) -> bool:
        """Whether latents are whitened by training images' codes: those of a decoder whose latents have no prior."""
        return self.inverts(model) and model.has_encoder and not model.has_prior

    @override
    def applies_to(self, model: FamilySettings) -> bool:
        return isinstance(model, LatentSettings) and (self.decoder == "encode" or model.has_encoder)

    @override
    def shards(self, model: FamilySettings, facts: DataFacts) -> tuple[Shard, ...]:
        train = min(self.images, facts.train)
        counts = {
            "train": train,
            "validation": min(self.images, facts.validation),
            "generated": self.generated if self.inverts(model) else 0,
            **{f"shifted_{distance}": train for distance in self.shifts},
            "foreign": self.images if self.foreign else 0,
            "noise": self.noise,
        }
        return tuple(shard for part, count in counts.items() for shard in cut(part, count, self.shard))

    def repeated_in(self, shard: Shard) -> int:
        """Of how many images of a shard, its first ones, the inversion is repeated."""
        return max(0, min(shard.stop, self.repeated) - shard.start)

    @override
    def flop(self, model: FamilySettings, facts: DataFacts, shard: Shard) -> float:
        """With `recover`, as if all doublings were needed.

        Work that all shards of a trial share is counted with the first, though each further process repeats it.
        """
        images = shard.stop - shard.start
        encoding = 2.0 * sum(network.multiply_adds for network in model.networks(facts).values())
        if not self.inverts(model):
            return images * encoding
        assert isinstance(model, LatentSettings)
        solver = self.solver.at(model.latent_dim)
        is_first = (shard.part, shard.start) == ("train", 0)
        shared = solver.shared_passes(model.latent_dim)
        if self.recover is not None:
            for _ in range(self.doublings):
                shared += CALIBRATION * solver.expected_passes(model.latent_dim)
                solver = solver.longer(2)
        passes = (images + self.repeated_in(shard)) * solver.expected_passes(model.latent_dim)
        once = shared * model.decoder_flop(facts)
        if self.whitens(model):
            once += min(CODES, facts.train) * encoding
        return passes * model.decoder_flop(facts) + is_first * once
