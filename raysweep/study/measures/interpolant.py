"""The polynomial through the images, computed in finite precision."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, PositiveInt
from typing_extensions import override

from raysweep.study.base import Name
from raysweep.study.data import DataFacts
from raysweep.study.measures.base import MEASURE, MeasureSettings, Shard
from raysweep.study.models import FamilySettings
from raysweep.study.models.polynomial import Polynomial
from raysweep.study.table import BYTES, INTEGER, REAL, REALS, TRIAL, Column, Table

INTERPOLANT = Table(
    "interpolant",
    "a polynomial through images; what is not finite in its arithmetic counts as infinite",
    (
        MEASURE,
        TRIAL,
        Column("images", INTEGER, "number of images that it goes through", "images"),
        Column("node_error", REAL, "squared error per pixel value of these images at their latents", "1/pixel"),
        Column(
            "moved_error",
            REAL,
            "the same where every latent is moved to the next larger number of float32",
            "1/pixel",
        ),
        Column("mean_error", REAL, "squared error per pixel value of the mean of these images", "1/pixel"),
        Column("images_outside", REAL, "share of prior mass whose image has a pixel outside [-1, 1]"),
        Column("pixels_outside", REAL, "share of pixel values outside [-1, 1], on average over the prior"),
        Column("prior_points", INTEGER, "number of latents behind these shares: quantiles of the prior"),
        Column("largest", REAL, "largest magnitude of a pixel at latents in the ball"),
        Column("log10_lebesgue", REAL, "decimal logarithm of the Lebesgue constant of the nodes, over the ball"),
        Column("ball_points", INTEGER, "number of latents behind the two largest values"),
        Column("walk", BYTES, "pixels (steps, channels, height, width) on the way from the first image to the second"),
        Column("walk_largest", REALS, "largest magnitude of a pixel at each step of the way"),
        Column("line", BYTES, "the same way on the straight line between the two images"),
    ),
    keys=2,
)


class Interpolant(MeasureSettings):
    """How the polynomial through the images (Eq. 2 of "Impact of the latent space") memorises them, numerically.

    It reaches every image at its latent in theory. In practice latents are numbers of finite precision, and the images
    of all latents between count as well: how far their pixels leave [-1, 1] is bounded by the nodes' Lebesgue constant.
    Pixels count as outside from half a grey level on. The piecewise linear curve through the same images, which has one
    latent as well and stays within [-1, 1], is shown beside it.
    """

    code: ClassVar[str] = "raysweep.measures.interpolant"
    table: ClassVar[Table] = INTERPOLANT
    kind: Literal["interpolant"] = "interpolant"
    name: Name = "interpolant"
    prior_points: PositiveInt = 1_000
    """Quantiles of the prior at which images are examined: (i − ½) / prior_points."""
    gap_points: PositiveInt = 8
    """Latents between each two nodes at which the largest values are sought."""
    steps: Annotated[int, Field(ge=2)] = 9
    """Pictures on the way from the first image to the second, both of them included."""

    @override
    def applies_to(self, model: FamilySettings) -> bool:
        """Only to the polynomial."""
        return isinstance(model, Polynomial)

    @override
    def shards(self, model: FamilySettings, facts: DataFacts) -> tuple[Shard, ...]:
        """The one row."""
        return (Shard("images", 0, 1),)

    @override
    def flop(self, model: FamilySettings, facts: DataFacts, shard: Shard) -> float:
        assert isinstance(model, Polynomial)
        latents = self.prior_points + (self.gap_points + 2) * model.images + self.steps
        return latents * model.decoder_flop(facts)
