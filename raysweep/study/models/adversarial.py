"""What the families of generative adversarial networks share."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, PositiveInt

from raysweep import architecture
from raysweep.architecture import ImageShape, Network
from raysweep.study.data import DataFacts
from raysweep.study.models.base import DescentSettings, LatentSettings


class AdversarialSettings(LatentSettings, DescentSettings):
    """A generator, and a critic or discriminator that it is trained against.

    `layers` chooses the networks: "dcgan" those of "Impact of the latent space" (Table 1), "mlp" those with which
    PacGAN learns points in the plane (`width` is then the generator's hidden layers: 400 there).
    """

    has_prior: ClassVar[bool] = True
    has_encoder: ClassVar[bool] = False
    steps: PositiveInt | None = 80_000
    layers: Literal["dcgan", "mlp"] = "dcgan"
    width: Annotated[int, Field(ge=2)] = 128
    """Channels before the generator's last convolution; 128 in the paper."""

    def _generator(self, facts: DataFacts) -> Network:
        if self.layers == "mlp":
            return architecture.mlp_generator(self.latent_dim, facts.shape, self.width)
        return architecture.dcgan_generator(self.latent_dim, facts.shape, self.width)

    def _critic(self, shape: ImageShape) -> Network:
        """The network with one output that judges images of that shape."""
        if self.layers == "mlp":
            return architecture.mlp_critic(shape, self.width)
        return architecture.dcgan_critic(shape, self.width, 1)
