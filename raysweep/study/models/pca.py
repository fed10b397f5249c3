"""Principal component analysis."""

import math
from typing import Annotated, ClassVar, Literal

from pydantic import Field
from typing_extensions import override

from raysweep.study.architecture import Dense, Fold, Network
from raysweep.study.data import DataFacts
from raysweep.study.models.base import LatentSettings

EIGENVECTORS_FLOP = 9.0
"""Operations, in units of n³, of all eigenvectors of a symmetric n × n matrix. Source: Golub and Van Loan (2013)."""


class Pca(LatentSettings):
    """Principal component analysis: of all linear codes of dim(z) numbers the one with the smallest squared error.

    What an autoencoder gains by not being linear is the distance of its curve from this one. Nothing is optimised:
    mean and covariance of all training images are gathered in one pass, and the last step decomposes them. So there is
    neither a budget nor a learning rate, and the seed changes nothing but the order of sums.

    The covariance takes 8 · pixels² bytes while it is gathered: 75 MB for CIFAR-10, 1.2 GB for CelebA at 64 × 64.

    Source: Pearson (1901); Hotelling (1933).
    """

    code: ClassVar[str] = "raysweep.models.pca:PcaLearner"
    label: ClassVar[str] = "PCA"
    colour: ClassVar[str] = "#000000"
    metric: ClassVar[str] = "validation/mse"
    has_prior: ClassVar[bool] = False
    has_encoder: ClassVar[bool] = True
    family: Literal["pca"] = "pca"
    batch: Annotated[int, Field(ge=2)] = 1_000
    """Images that are added to the covariance at a time."""

    @property
    @override
    def images_per_step(self) -> int:
        return self.batch

    @override
    def total_steps(self, facts: DataFacts) -> int:
        """One pass."""
        return math.ceil(facts.train / self.batch)

    @override
    def networks(self, facts: DataFacts) -> dict[str, Network]:
        """The decoder: components as weights, mean image as bias. The encoder is its transpose.

        Raises:
            ValueError: there are not so many components.
        """
        pixels = facts.shape.pixels
        if self.latent_dim > min(pixels, facts.train):
            raise ValueError(
                f"latent_dim is {self.latent_dim}: PCA has no more components than pixels ({pixels}) and training "
                f"images ({facts.train}); give a smaller one"
            )
        return {"decoder": Network((Dense(self.latent_dim, pixels), Fold(facts.shape.channels, facts.shape.size)))}

    @override
    def encoder_flop(self, facts: DataFacts) -> float:
        """The decoder's, whose transpose encodes."""
        return self.decoder_flop(facts)

    @override
    def values_to_continue(self, facts: DataFacts) -> int:
        """Mean and covariance, of eight bytes a value, and the decoder."""
        pixels = facts.shape.pixels
        return self.parameters(facts) + 2 * (pixels + pixels**2)

    @override
    def flop_per_step(self, facts: DataFacts) -> float:
        """The batch's covariance, and its share of the decomposition; in float64."""
        pixels = facts.shape.pixels
        return 2.0 * self.batch * pixels**2 + EIGENVECTORS_FLOP * pixels**3 / self.total_steps(facts)
