"""How much of the prior lies where the encoder puts no image."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, PositiveInt

from raysweep.schema import INTEGER, REAL, TEXT, Column, Table
from raysweep.study.base import Name
from raysweep.study.data import DataFacts
from raysweep.study.measures.base import MEASURE, TRIAL, MeasureSettings, Shard
from raysweep.study.models import FamilySettings, LatentSettings

Codes = Literal["means", "posterior"]
"""What stands for an image in latent space: its posterior's mean, or one sample of its posterior."""

QUANTILE = 0.99
"""q, unless a study says otherwise."""

HOLES = Table(
    "holes",
    "the prior mass of holes, for one choice of codes",
    (
        MEASURE,
        TRIAL,
        Column("part", TEXT, "codes: means (of the posterior), or posterior (one sample of it for each image)"),
        Column("mass", REAL, "share of prior samples in a hole; 1 − quantile if the codes follow the prior"),
        Column("whitened_mass", REAL, "the same after an affine map gave the codes mean 0 and covariance I"),
        Column("samples", INTEGER, "number of prior samples", "samples"),
        Column("codes", INTEGER, "number of training images whose codes fill the space", "images"),
        Column("held_out", INTEGER, "number of validation images behind the thresholds", "images"),
        Column("quantile", REAL, "share of held-out codes within the threshold"),
        Column("threshold", REAL, "distance to the nearest code beyond which a point is in a hole"),
        Column("whitened_threshold", REAL, "the same distance in whitened coordinates"),
    ),
    keys=3,
)


class Holes(MeasureSettings):
    """Prior mass of holes: points of the latent space that the encoder maps no image to.

    Definition 2.4 asks whether any image of the data manifold has the code z, which finitely many images cannot tell.
    Here z lies in a hole if it is farther from the nearest code of a training image than the share `quantile` of the
    codes of held-out images are. These score 1 − `quantile` by construction, and so does, on average and in any
    dimension, a prior that the codes follow; docs/measures.md has what the estimate does otherwise.

    Where the encoder gives a posterior, its samples are examined as well as its means: the decoder was trained on
    samples, and means are less spread than the prior even for a perfect model. Whitened, codes are compared with the
    prior after mean and covariance are made equal: an encoder that only shrinks its codes gains nothing by it.

    Source: Manoj (2018), Definition 2.4 and Section 4.2.
    """

    table: ClassVar[Table] = HOLES
    kind: Literal["holes"] = "holes"
    name: Name = "holes"
    samples: PositiveInt = 10_000
    """Prior samples."""
    images: Annotated[int, Field(ge=2)] = 10_000
    """Training images whose codes fill the space, and as many held-out ones; all of a split where it has fewer."""
    quantile: Annotated[float, Field(gt=0, lt=1)] = QUANTILE

    def applies_to(self, model: FamilySettings) -> bool:
        """Only where there are an encoder and a prior."""
        return model.has_encoder and model.has_prior

    def shards(self, model: FamilySettings, facts: DataFacts) -> tuple[Shard, ...]:
        """See `MeasureSettings`: one for each choice of codes."""
        parts: tuple[Codes, ...] = ("means", "posterior") if model.has_posterior else ("means",)
        return tuple(Shard(part, 0, self.samples) for part in parts)

    def flop(self, model: FamilySettings, facts: DataFacts, shard: Shard) -> float:
        """See `MeasureSettings`: encoding, then distances of samples and held-out codes, as they are and whitened."""
        assert isinstance(model, LatentSettings)
        train, held_out = min(self.images, facts.train), min(self.images, facts.validation)
        distances = 2 * (self.samples + held_out) * train
        return (train + held_out) * model.encoder_flop(facts) + distances * 2 * model.latent_dim
