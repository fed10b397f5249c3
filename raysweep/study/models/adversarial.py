"""What the families of generative adversarial networks share."""

from typing import ClassVar, Literal

from pydantic import NonNegativeInt

from raysweep.study import architecture
from raysweep.study.architecture import ImageShape, Network
from raysweep.study.data import DataFacts
from raysweep.study.models.base import DescentSettings, LatentSettings
from raysweep.study.models.width import WidthSettings


class AdversarialSettings(LatentSettings, WidthSettings, DescentSettings):
    """A generator, and a critic or discriminator that it is trained against.

    `layers` chooses the networks: "dcgan" those of "Impact of the latent space" (Table 1), "mlp" those with which
    PacGAN learns points in the plane (`width` is then the generator's hidden layers: 400 there).
    """

    has_prior: ClassVar[bool] = True
    has_encoder: ClassVar[bool] = False
    steps: NonNegativeInt | None = 80_000
    """Generator iterations. 0 leaves the networks as they were initialised, a control that shows what the architecture
    does alone; only BatchNorm's running statistics are then gathered, from prior samples."""
    layers: Literal["dcgan", "mlp"] = "dcgan"

    def _generator(self, facts: DataFacts) -> Network:
        describe = architecture.mlp_generator if self.layers == "mlp" else architecture.dcgan_generator
        return self.matched(lambda width: describe(self.latent_dim, facts.shape, width))

    def _critic(self, shape: ImageShape) -> Network:
        """The network with one output that judges images of that shape."""
        if self.layers == "mlp":
            return architecture.mlp_critic(shape, self.width)
        return architecture.dcgan_critic(shape, self.width, 1)
