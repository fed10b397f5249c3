"""Variational autoencoder, and its Lipschitz-constrained form."""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, PositiveFloat, PositiveInt, model_validator
from typing_extensions import override

from raysweep.study import architecture
from raysweep.study.architecture import Dense, Network
from raysweep.study.data import DataFacts
from raysweep.study.models.base import DescentSettings, LatentSettings, NonNegative

Reduction = Literal["batchmean", "mean", "sum"]
"""How terms of a batch become one: their sum over the batch size, their mean, or their sum; torch's names."""


class VaeSettings(LatentSettings, DescentSettings):
    """What the VAE and the LC-VAE share.

    `layers` chooses the networks: "looser" those of "Looser is Worse" (Tables 1
    and 2), "mlp" those of PyTorch's VAE example (`width` is then the hidden layer: 400 there).
    """

    metric: ClassVar[str] = "validation/loss"
    loss_parts: ClassVar[tuple[str, ...]] = ("reconstruction", "divergence")
    """Without the LC-VAE's λ · ω, with which losses at different λ could not be compared."""
    has_prior: ClassVar[bool] = True
    has_encoder: ClassVar[bool] = True
    has_posterior: ClassVar[bool] = True
    epochs: PositiveInt | None = 20
    batch: Annotated[int, Field(ge=2)] = 300
    layers: Literal["looser", "mlp"] = "looser"
    width: Annotated[int, Field(ge=2)] = 128
    """Channels of the encoder's first convolution; 128 in the paper."""
    likelihood: Literal["bernoulli", "gaussian"] = "bernoulli"
    """Reconstruction term, summed over pixels in [0, 1]: binary cross-entropy (the PyTorch example that the paper
    modifies), or squared error (the paper's appendix A.1)."""
    encoder_norm: bool = True
    """BatchNorm in the encoder; it undoes the scale of the weights before it."""

    @override
    def networks(self, facts: DataFacts) -> dict[str, Network]:
        """Encoder, its heads for mean and log-variance, and decoder.

        Raises:
            ValueError: the data are points, or images of a size that the layers cannot halve.
        """
        if facts.points:
            raise ValueError("this family's decoder ends in a sigmoid, for pixels; it cannot make points")
        if self.layers == "mlp":
            encoder = architecture.mlp_encoder(facts.shape, self.width)
            size = self.width
            decoder = architecture.mlp_decoder(self.latent_dim, facts.shape, self.width)
        else:
            encoder = architecture.looser_encoder(facts.shape, self.width, self.encoder_norm)
            size = architecture.features(encoder)
            decoder = architecture.looser_decoder(self.latent_dim, facts.shape, self.width)
        head = Network((Dense(size, self.latent_dim),))
        return {"encoder": encoder, "mean": head, "log_variance": head, "decoder": decoder}


class Vae(VaeSettings):
    """Variational autoencoder with a diagonal Gaussian posterior.

    Source: Kingma and Welling (2013).
    """

    code: ClassVar[str] = "raysweep.models.vae:VaeLearner"
    label: ClassVar[str] = "VAE"
    colour: ClassVar[str] = "#009e73"
    family: Literal["vae"] = "vae"


class LcVae(VaeSettings):
    """Lipschitz-constrained VAE: encoder weights clamped to [-c, c], and λ · Σ ω added to the loss.

    ω(I₁, I₂) = ‖f(I₁) − f(I₂)‖² / ‖I₁ − I₂‖², over the pairs (Iᵢ, Iᵢ₊ₙ) of a batch of 2n. λ = 0 with c = ∞ is the
    plain VAE. Everything that the paper leaves open is a setting: `clamp`, `encoding`, `reduction`, and `encoder_norm`;
    docs/lc-vae.md says which of them matter.

    Source: Manoj (2018), Section 4.
    """

    code: ClassVar[str] = "raysweep.models.vae:LcVaeLearner"
    label: ClassVar[str] = "LC-VAE"
    colour: ClassVar[str] = "#cc79a7"
    family: Literal["lc_vae"] = "lc_vae"
    lam: NonNegative = 30.0
    """λ, the weight of the regulariser."""
    c: PositiveFloat = 0.3
    """The clamp: encoder weights stay in [-c, c]; infinity for none."""
    clamp: Literal["weights", "weights_and_gains"] = "weights"
    """What is clamped: weights and biases of convolutions and dense layers, or BatchNorm's gains and biases too."""
    encoding: Literal["mean", "sample"] = "mean"
    """What f(I) is in ω: the posterior's mean, or a sample of it. The paper leaves it open."""
    reduction: Annotated[Reduction, Field(exclude_if=lambda value: value == "batchmean")] = "batchmean"
    """How the ω of a batch's pairs become one term, next to reconstruction error and divergence per image: their sum
    over the batch size, as if all were in one sum that is then divided by it; their mean; or their whole sum. Left out
    of a dump at its default, so that trials keep the ids that they had before this was a setting."""

    @property
    def penalty(self) -> float:
        """λ as it multiplies Σ ω / batch: the readings of `reduction` differ by these factors alone."""
        factors: dict[Reduction, float] = {"batchmean": 1.0, "mean": 2.0, "sum": float(self.batch)}
        return self.lam * factors[self.reduction]

    @model_validator(mode="after")
    def _pairs(self) -> Self:
        if self.batch % 2:
            raise ValueError(f"batch is {self.batch}: ω pairs the two halves of a batch, so give an even number")
        return self
