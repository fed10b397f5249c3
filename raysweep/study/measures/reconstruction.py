"""How well each image is reached: encoded and decoded, or by inverting the generator."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, PositiveInt

from raysweep.schema import BYTES, INTEGER, REAL, TEXT, Column, Table
from raysweep.study.base import Name
from raysweep.study.data import DataFacts
from raysweep.study.measures.base import MEASURE, PART, TRIAL, MeasureSettings, Shard, cut
from raysweep.study.models import FamilySettings, LatentSettings
from raysweep.study.solvers import AnySolver, Automatic

RECONSTRUCTION = Table(
    "reconstruction",
    "an image that was reconstructed",
    (
        MEASURE,
        TRIAL,
        PART,
        Column("image", INTEGER, "index of the image in its split, or of the generated image"),
        Column("mse", REAL, "squared error per pixel value, pixels in [-1, 1]", "1/pixel"),
        Column("z_norm", REAL, "‖z*‖ of the latent found or encoded"),
        Column("solver", TEXT, "encode, or the inversion's solver with its settings, as JSON"),
        Column("status", TEXT, "encoded; converged, stalled or budget spent for an inversion"),
        Column("passes", INTEGER, "generator passes spent on the image", "passes"),
        Column("original", BYTES, "pixels (channels, height, width) as bytes; empty for most images", nullable=True),
        Column("reconstruction", BYTES, "pixels of the reconstruction; empty for most images", nullable=True),
    ),
    keys=4,
)


class Reconstruction(MeasureSettings):
    """How well each image is reached: encode and decode, or invert the generator.

    `images` of each split are measured, a seeded choice that is the same for all trials and measures. For inverted
    generators, `generated` images made from known latents are inverted as well: their true error is zero, so what is
    left is the failure of the optimiser, to be read beside every other error.
    """

    table: ClassVar[Table] = RECONSTRUCTION
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
