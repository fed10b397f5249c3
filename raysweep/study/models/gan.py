"""Generative adversarial network with the non-saturating loss."""

from collections.abc import Mapping
from typing import ClassVar, Literal

from pydantic import PositiveInt
from typing_extensions import override

from raysweep.study.architecture import ImageShape, Network
from raysweep.study.base import Positive
from raysweep.study.data import DataFacts
from raysweep.study.models.adversarial import AdversarialSettings
from raysweep.study.models.base import Beta


class Gan(AdversarialSettings):
    """Generative adversarial network: the generator maximises log D(G(z)), the non-saturating loss.

    Its networks are those of `WganGp`: at equal learning rates and betas the two families differ in the loss alone.

    Source: Goodfellow et al. (2014), Algorithm 1 with the generator's loss of Section 3; Algorithm A.1 of Manoj
    (2018). Learning rate and betas are those of DCGAN (Radford, Metz and Chintala, 2015), Section 4; PacGAN's for
    points are 1e-4 and (0.8, 0.999), with a batch of 100.
    """

    code: ClassVar[str] = "raysweep.models.gan:GanLearner"
    label: ClassVar[str] = "GAN"
    colour: ClassVar[str] = "#e69f00"
    variants: ClassVar[Mapping[str, str]] = {"sn_gan": "SN-GAN", "pacgan": "PacGAN"}
    metric: ClassVar[str] = "validation/jensen_shannon"
    """The discriminator's estimate of the Jensen-Shannon divergence from held-out images."""
    family: Literal["gan"] = "gan"
    discriminator_steps: PositiveInt = 1
    """Discriminator updates per generator update."""
    spectral_norm: bool = False
    """Every weight of the discriminator is divided by its largest singular value (SN-GAN).
    Source: Miyato, Kataoka, Koyama and Yoshida (2018), Algorithm 1: one power iteration per update."""
    packing: PositiveInt = 1
    """Images that the discriminator judges together, as channels of one input (PacGAN). A batch is of that many packs,
    so an update takes packing · batch images. Source: Lin, Khetan, Fanti and Oh (2018), Section 3."""
    learning_rate: Positive = 2e-4
    betas: tuple[Beta, Beta] = (0.5, 0.999)

    @property
    @override
    def batches_per_step(self) -> int:
        """A batch for every image of a pack, in every discriminator update."""
        return self.discriminator_steps * self.packing

    @override
    def networks(self, facts: DataFacts) -> dict[str, Network]:
        """Generator and discriminator."""
        pack = ImageShape(facts.shape.channels * self.packing, facts.shape.size)
        return {"generator": self._generator(facts), "discriminator": self._critic(pack)}

    @override
    def flop_per_step(self, facts: DataFacts) -> float:
        """A discriminator update generates, and passes real and generated packs forward (1 each) and backward (2 each).
        The generator's update goes on from the last update's images: the discriminator forward (1) and backward to
        its input (1), and the generator backward (2). What spectral normalisation adds, a few products of each weight
        with a vector, is not counted.
        """
        networks = self.networks(facts)
        generator = 2.0 * networks["generator"].multiply_adds * self.packing * self.batch
        discriminator = 2.0 * networks["discriminator"].multiply_adds * self.batch
        return self.discriminator_steps * (generator + 6.0 * discriminator) + 2.0 * generator + 2.0 * discriminator
