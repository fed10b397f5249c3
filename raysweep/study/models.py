"""The model families and every setting of theirs. Settings only: `raysweep.models` has the learners.

Each family says what its networks are and what a training step costs, so a study can be counted without torch.
"""

import math
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, PositiveFloat, PositiveInt, model_validator

from raysweep import architecture
from raysweep.architecture import Dense, Network
from raysweep.study.base import Frozen
from raysweep.study.data import DataFacts

Beta = Annotated[float, Field(ge=0, lt=1)]
NonNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]


OTHER_BUDGET = {"steps": "epochs", "epochs": "steps"}
"""The two ways to say how long a model is trained: setting one takes back the other."""


class FamilySettings(Frozen):
    """A model and how it is trained. Exactly one of `steps` and `epochs` is given."""

    has_prior: ClassVar[bool]
    """Samples are drawn by generating from z ~ N(0, I)."""
    has_encoder: ClassVar[bool]
    """Images are reconstructed by encoding and decoding; otherwise by inverting the generator."""

    steps: PositiveInt | None = None
    """Training steps: generator iterations for a GAN, else batches."""
    epochs: PositiveInt | None = None
    """Passes over the training images."""
    batch: Annotated[int, Field(ge=2)] = 64
    """Images in a batch."""
    learning_rate: PositiveFloat = 1e-3
    """Adam's learning rate."""
    betas: tuple[Beta, Beta] = (0.9, 0.999)
    """Adam's decay rates β1 and β2."""

    @model_validator(mode="before")
    @classmethod
    def _one_budget(cls, fields: dict[str, object]) -> dict[str, object]:
        """Naming one of the two budgets replaces the other's default."""
        if isinstance(fields, dict):
            given = [name for name in OTHER_BUDGET if fields.get(name) is not None]
            if len(given) == 1:
                fields = {**fields, OTHER_BUDGET[given[0]]: None}
        return fields

    @model_validator(mode="after")
    def _some_budget(self) -> Self:
        if (self.steps is None) == (self.epochs is None):
            raise ValueError("give exactly one of steps and epochs")
        return self

    @property
    def batches_per_step(self) -> int:
        """Batches of training images that one step consumes."""
        return 1

    def total_steps(self, facts: DataFacts) -> int:
        """Training steps on a data set: `steps`, or as many as `epochs` passes need."""
        if self.steps is not None:
            return self.steps
        assert self.epochs is not None
        return math.ceil(self.epochs * facts.train / (self.batch * self.batches_per_step))

    def networks(self, facts: DataFacts) -> dict[str, Network]:
        """The networks by name.

        Raises:
            ValueError: the family cannot work on images of that shape.
        """
        raise NotImplementedError

    def parameters(self, facts: DataFacts) -> int:
        """Trained values, in all networks."""
        return sum(network.parameters for network in self.networks(facts).values())

    def flop_per_step(self, facts: DataFacts) -> float:
        """Floating-point operations of a training step: a multiply-add is 2, a backward pass costs two forward ones."""
        forward = 2.0 * sum(network.multiply_adds for network in self.networks(facts).values())
        return 3.0 * forward * self.batch

    def decoder_flop(self, facts: DataFacts) -> float:
        """Floating-point operations of generating one image; 0 where nothing is generated."""
        networks = self.networks(facts)
        return 2.0 * sum(networks[name].multiply_adds for name in ("generator", "decoder") if name in networks)


class LatentSettings(FamilySettings):
    """A family with a latent space."""

    latent_dim: PositiveInt = 10
    """dim(z)."""


class WganGp(LatentSettings):
    """Wasserstein GAN with gradient penalty.

    Source: Gulrajani et al. (2017); the defaults are those of Pinetz, Soukup and Pock (2019), supplementary.
    """

    has_prior: ClassVar[bool] = True
    has_encoder: ClassVar[bool] = False
    family: Literal["wgan_gp"] = "wgan_gp"
    steps: PositiveInt | None = 80_000
    critic_steps: PositiveInt = 5
    """Critic updates per generator update."""
    gradient_penalty: PositiveFloat = 10.0
    """Weight of (‖∇critic‖ − 1)²."""
    learning_rate: PositiveFloat = 1e-4
    betas: tuple[Beta, Beta] = (0.0, 0.9)
    width: Annotated[int, Field(ge=2)] = 128
    """Channels before the generator's last convolution; 128 in the paper."""

    @property
    def batches_per_step(self) -> int:
        """One batch for every critic update."""
        return self.critic_steps

    def networks(self, facts: DataFacts) -> dict[str, Network]:
        """Generator and critic of Table 1."""
        return {
            "generator": architecture.dcgan_generator(self.latent_dim, facts.shape, self.width),
            "critic": architecture.dcgan_critic(facts.shape, self.width, 1),
        }

    def flop_per_step(self, facts: DataFacts) -> float:
        """See `FamilySettings`.

        Forward passes of the critic, per critic update: 3 + 3 for real and generated images with their backward
        passes, and 4 for the penalty (forward, gradient for the input, and a backward pass of that gradient; the
        activations are piecewise linear, so nothing flows back into the forward pass).
        """
        networks = self.networks(facts)
        generator = 2.0 * networks["generator"].multiply_adds * self.batch
        critic = 2.0 * networks["critic"].multiply_adds * self.batch
        return self.critic_steps * (generator + 10.0 * critic) + 3.0 * generator + 2.0 * critic


class Autoencoder(LatentSettings):
    """Autoencoder: the critic's layers with a dim(z) head encode, the generator's decode, squared error.

    Source: Pinetz, Soukup and Pock (2019), Eq. 3; Adam with its default settings.
    """

    has_prior: ClassVar[bool] = False
    has_encoder: ClassVar[bool] = True
    family: Literal["autoencoder"] = "autoencoder"
    steps: PositiveInt | None = 80_000
    width: Annotated[int, Field(ge=2)] = 128
    """Channels before the decoder's last convolution; 128 in the paper."""

    def networks(self, facts: DataFacts) -> dict[str, Network]:
        """Encoder and decoder, from the critic and generator of Table 1."""
        return {
            "encoder": architecture.dcgan_critic(facts.shape, self.width, self.latent_dim),
            "decoder": architecture.dcgan_generator(self.latent_dim, facts.shape, self.width),
        }


class VaeSettings(LatentSettings):
    """What the VAE and the LC-VAE share.

    `layers` chooses the networks: "looser" those of "Looser is Worse" (Tables 1
    and 2), "mlp" those of PyTorch's VAE example (`width` is then the hidden layer: 400 there).
    """

    has_prior: ClassVar[bool] = True
    has_encoder: ClassVar[bool] = True
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

    def networks(self, facts: DataFacts) -> dict[str, Network]:
        """Encoder, its heads for mean and log-variance, and decoder."""
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

    family: Literal["vae"] = "vae"


class LcVae(VaeSettings):
    """Lipschitz-constrained VAE: encoder weights clamped to [-c, c], and λ · Σ ω added to the loss.

    ω(I₁, I₂) = ‖f(I₁) − f(I₂)‖² / ‖I₁ − I₂‖², summed over the pairs (Iᵢ, Iᵢ₊ₙ) of a batch of 2n, in the same sum
    as the reconstruction error and the divergence (all are then divided by the batch size). λ = 0 with c = ∞ is the
    plain VAE.

    Source: Manoj (2018), Section 4.
    """

    family: Literal["lc_vae"] = "lc_vae"
    lam: NonNegative = 30.0
    """λ, the weight of the regulariser."""
    c: PositiveFloat = 0.3
    """The clamp: encoder weights stay in [-c, c]; infinity for none."""
    clamp: Literal["weights", "weights_and_gains"] = "weights"
    """What is clamped: weights and biases of convolutions and dense layers, or BatchNorm's gains and biases too."""
    encoding: Literal["mean", "sample"] = "mean"
    """What f(I) is in ω: the posterior's mean, or a sample of it. The paper leaves it open."""

    @model_validator(mode="after")
    def _pairs(self) -> Self:
        if self.batch % 2:
            raise ValueError(f"batch is {self.batch}: ω pairs the two halves of a batch, so give an even number")
        return self


class LeNet(FamilySettings):
    """A LeNet classifier of the data set's classes: features for distances, classes for the class radius.

    Not an arm: a study trains one when a measure needs it.
    """

    has_prior: ClassVar[bool] = False
    has_encoder: ClassVar[bool] = False
    family: Literal["lenet"] = "lenet"
    epochs: PositiveInt | None = 5
    batch: Annotated[int, Field(ge=2)] = 64

    def networks(self, facts: DataFacts) -> dict[str, Network]:
        """Features and the linear head.

        Raises:
            ValueError: the data set has no classes.
        """
        if facts.classes is None:
            raise ValueError("the data set has no classes for a classifier to learn")
        return {
            "features": architecture.lenet_features(facts.shape),
            "head": Network((Dense(84, facts.classes),)),
        }


AnyModel = Annotated[WganGp | Autoencoder | Vae | LcVae, Field(discriminator="family")]
"""Every family that an arm can sweep. A new one is added here and in `raysweep.models`."""
AnyLearner = Annotated[WganGp | Autoencoder | Vae | LcVae | LeNet, Field(discriminator="family")]
"""Every family that can be trained."""
