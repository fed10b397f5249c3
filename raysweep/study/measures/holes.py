"""How much of the prior lies where the encoder puts no image."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, PositiveInt
from typing_extensions import override

from raysweep.study.base import Name
from raysweep.study.data import DataFacts
from raysweep.study.measures.base import MEASURE, MeasureSettings, Shard
from raysweep.study.models import FamilySettings, LatentSettings
from raysweep.study.table import INTEGER, REAL, TEXT, TRIAL, Column, Table

Codes = Literal["means", "posterior"]
"""What stands for an image in latent space: its posterior's mean, or one sample of its posterior."""

HOLES = Table(
    "holes",
    "the prior mass of holes, for one choice of codes",
    (
        MEASURE,
        TRIAL,
        Column("part", TEXT, "codes: means (of the posterior), or posterior (one sample of it for each image)"),
        Column("mass", REAL, "largest share of the prior that holds at most `density` times that share of the codes"),
        Column("whitened_mass", REAL, "the same after an affine map gave the codes mean 0 and covariance I"),
        Column("samples", INTEGER, "number of prior samples", "samples"),
        Column("codes", INTEGER, "number of training images by whose codes holes are found", "images"),
        Column("held_out", INTEGER, "number of validation images whose codes show that they are holes", "images"),
        Column("density", REAL, "τ, the codes' share in a hole over the prior's, at most"),
    ),
    keys=3,
)


class Holes(MeasureSettings):
    """Prior mass of holes: parts of the latent space that the prior fills and the encoder hardly maps an image to.

    Definition 2.4 asks whether any image of the data manifold has the code z, which finitely many images cannot tell.
    Here the mass of holes is the largest share of the prior on which codes have at most `density` of the prior's own
    density: sup P(A) over sets A with Q(A) ≤ τ P(A). If codes follow the prior it is 0, and 1 if they are elsewhere.
    The set is found from codes of training images, and its shares are those of held-out images and fresh prior
    samples, so the estimate errs downwards; docs/measures.md has by how much.

    Where the encoder gives a posterior, its samples are examined as well as its means: the decoder was trained on
    samples, and means are less spread than the prior even for a perfect model. Whitened, codes are compared with the
    prior after mean and covariance are made equal: an encoder that only shrinks its codes gains nothing by it.

    Source: Manoj (2018), Definition 2.4 and Section 4.2.
    """

    code: ClassVar[str] = "raysweep.measures.holes"
    table: ClassVar[Table] = HOLES
    kind: Literal["holes"] = "holes"
    name: Name = "holes"
    samples: PositiveInt = 10_000
    """Prior samples."""
    images: Annotated[int, Field(ge=2)] = 10_000
    """Training images, and as many held-out ones; all of a split where it has fewer."""
    density: Annotated[float, Field(gt=0, lt=1)] = 0.1
    """τ."""

    @override
    def applies_to(self, model: FamilySettings) -> bool:
        """Only where there are an encoder and a prior."""
        return model.has_encoder and model.has_prior

    @override
    def shards(self, model: FamilySettings, facts: DataFacts) -> tuple[Shard, ...]:
        """One for each choice of codes."""
        parts: tuple[Codes, ...] = ("means", "posterior") if model.has_posterior else ("means",)
        return tuple(Shard(part, 0, self.samples) for part in parts)

    @override
    def flop(self, model: FamilySettings, facts: DataFacts, shard: Shard) -> float:
        """Encoding, then two networks that tell codes from prior samples, for 30 passes each."""
        assert isinstance(model, LatentSettings)
        train, held_out = min(self.images, facts.train), min(self.images, facts.validation)
        network = 2 * 64 * (model.latent_dim + 64)
        return (train + held_out) * model.encoder_flop(facts) + 2 * 30 * 3 * 2 * train * network
