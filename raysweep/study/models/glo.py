"""Generative latent optimisation."""

from typing import ClassVar, Literal

from pydantic import PositiveInt
from typing_extensions import override

from raysweep.study import architecture
from raysweep.study.architecture import Lookup, Network
from raysweep.study.base import Positive
from raysweep.study.data import DataFacts
from raysweep.study.models.base import DescentSettings, LatentSettings
from raysweep.study.models.width import WidthSettings


class Glo(LatentSettings, DescentSettings, WidthSettings):
    """Generative latent optimisation: a generator, and a latent of its own for every training image, trained together.

    It is asked for nothing but to reach the training images, with the networks and the latents that a GAN has: a bound
    on what a GAN of this dim(z) can memorise. Its error is measured by inversion, as a GAN's is.

    As in the source: latents start at N(0, I) and are projected to a ball after every update. Different: the squared
    error instead of the Laplacian pyramid's, as everywhere here; the ball of Eq. 5 of "Impact of the latent space"
    instead of the unit ball, so that the same latents are feasible in all inversions; Adam instead of plain gradient
    descent, whose two learning rates would have to be found anew for every data set. A latent and its moments change
    only when its image is seen.

    Latents and their moments are 3 · images · dim(z) values: 10 GB for CelebA at dim(z) = 5,000.

    Source: Bojanowski, Joulin, Lopez-Paz and Szlam (2018), "Optimizing the Latent Space of Generative Networks".
    """

    code: ClassVar[str] = "raysweep.models.glo:GloLearner"
    label: ClassVar[str] = "GLO"
    colour: ClassVar[str] = "#56b4e9"
    metric: ClassVar[str] = "train/mse"
    """Of training images, since held-out ones have no latents."""
    has_prior: ClassVar[bool] = False
    has_encoder: ClassVar[bool] = False
    family: Literal["glo"] = "glo"
    steps: PositiveInt | None = 80_000
    latent_learning_rate: Positive = 0.1
    """Adam's learning rate for the latents."""

    @override
    def networks(self, facts: DataFacts) -> dict[str, Network]:
        """The generator of Table 1 of "Impact of the latent space", and the training images' latents."""
        return {
            "generator": self.matched(lambda width: architecture.dcgan_generator(self.latent_dim, facts.shape, width)),
            "latents": Network((Lookup(facts.train, self.latent_dim),)),
        }
