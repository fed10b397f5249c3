"""Whether generated images lie nearer to the training images than images that the model never saw."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field
from typing_extensions import override

from raysweep.study.base import Name
from raysweep.study.data import DataFacts
from raysweep.study.measures.base import MEASURE, PART, Shard
from raysweep.study.measures.quality import SAMPLES, QualitySettings
from raysweep.study.models import FamilySettings
from raysweep.study.table import INTEGER, REAL, TEXT, TRIAL, Column, Table

MEMORISATION = Table(
    "memorisation",
    "a model's images in one space, against held-out ones",
    (
        MEASURE,
        TRIAL,
        PART,
        Column("space", TEXT, "where distances are taken: pixels, or the features of lenet or inception"),
        SAMPLES,
        Column("held_out_images", INTEGER, "number of validation images: `samples`, or all", "images"),
        Column("training_images", INTEGER, "number of training images: all", "images"),
        Column("median_distance", REAL, "median distance to the nearest training image; pixels in [-1, 1]"),
        Column("held_out_median_distance", REAL, "that of the held-out images; equal for all trials"),
        Column("quantile", REAL, "of the held-out images' distances, below which an image counts as near"),
        Column("near_share", REAL, "share of near images; that quantile is expected if nothing is memorised"),
        Column("nearer_probability", REAL, "that an image is nearer than a held-out one; ½ if nothing is memorised"),
        Column("z_score", REAL, "Mann-Whitney's, standard normal if nothing is memorised, far below 0 for copies"),
    ),
    keys=4,
)


class Memorisation(QualitySettings):
    """Distances of generated (or reconstructed) images to their nearest training images, against held-out images'.

    In pixels and in features. Copies of training images are at distance 0; new images of the same distribution are as
    far as held-out ones. Blurred images are nearer than held-out ones in pixels, without being copies: so both spaces
    are to be read together.

    Source: Meehan, Chaudhuri and Dasgupta (2020), whose statistic the z-score is, with one cell.
    """

    code: ClassVar[str] = "raysweep.measures.memorisation"
    table: ClassVar[Table] = MEMORISATION
    kind: Literal["memorisation"] = "memorisation"
    name: Name = "memorisation"
    samples: Annotated[int, Field(ge=2)] = 1_000
    quantile: Annotated[float, Field(gt=0, lt=1)] = 0.05

    @override
    def flop(self, model: FamilySettings, facts: DataFacts, shard: Shard) -> float:
        """All distances to training images."""
        length = facts.shape.pixels + self.features_length
        return super().flop(model, facts, shard) + 2.0 * (shard.stop - shard.start) * facts.train * length
