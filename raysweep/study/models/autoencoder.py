"""Autoencoder."""

from typing import ClassVar, Literal

from pydantic import PositiveInt
from typing_extensions import override

from raysweep.study import architecture
from raysweep.study.architecture import Network
from raysweep.study.data import DataFacts
from raysweep.study.models.base import DescentSettings, LatentSettings
from raysweep.study.models.width import WidthSettings


class Autoencoder(LatentSettings, WidthSettings, DescentSettings):
    """Autoencoder: the critic's layers with a dim(z) head encode, the generator's decode, squared error.

    Source: Pinetz, Soukup and Pock (2019), Eq. 3; Adam with its default settings.
    """

    code: ClassVar[str] = "raysweep.models.autoencoder:AutoencoderLearner"
    label: ClassVar[str] = "AE"
    colour: ClassVar[str] = "#d55e00"
    metric: ClassVar[str] = "validation/mse"
    loss_parts: ClassVar[tuple[str, ...]] = ("mse",)
    has_prior: ClassVar[bool] = False
    has_encoder: ClassVar[bool] = True
    family: Literal["autoencoder"] = "autoencoder"
    steps: PositiveInt | None = 80_000

    @override
    def networks(self, facts: DataFacts) -> dict[str, Network]:
        """Encoder and decoder, from the critic and generator of Table 1."""
        return {
            "encoder": architecture.dcgan_critic(facts.shape, self.width, self.latent_dim),
            "decoder": self.matched(lambda width: architecture.dcgan_generator(self.latent_dim, facts.shape, width)),
        }
