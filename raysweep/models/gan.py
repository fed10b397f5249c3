"""Generative adversarial network with the non-saturating loss."""

import math

import torch
from torch import Tensor
from torch.nn import functional
from typing_extensions import override

from raysweep.models import spectral_norm
from raysweep.models.adversarial import AdversarialLearner
from raysweep.models.descent import descend
from raysweep.seeding import derive_seed
from raysweep.study.data import DataFacts
from raysweep.study.models.gan import Gan


class GanLearner(AdversarialLearner):
    """Generator and discriminator, whose output is a logit: D(x) = 1 / (1 + exp(-logit)).

    One update is `discriminator_steps` updates of the discriminator, each on a batch of its own, and one of the
    generator, on the images that the discriminator saw last (Algorithm A.1, lines 5 to 8). Real and generated packs
    pass the discriminator in one batch, which changes nothing, since it has no BatchNorm. The generator's BatchNorm
    is over all images of a batch of packs.

    Source: Manoj (2018), Algorithm A.1; Goodfellow et al. (2014), Algorithm 1.
    """

    settings: Gan

    def __init__(self, settings: Gan, facts: DataFacts, seed: int, device: torch.device) -> None:
        super().__init__(settings, facts, seed, device)
        if settings.spectral_norm:
            stream = torch.Generator().manual_seed(derive_seed(seed, "initialise", "spectral_norm"))
            spectral_norm.normalise(self.networks["discriminator"], stream)

    @override
    def update(self, images: Tensor, labels: Tensor | None, step: int) -> dict[str, Tensor]:
        """`discriminator_loss` and `jensen_shannon` are means over the discriminator's steps."""
        self.networks.train()
        stream = self.random("update", step)
        losses = []
        for real in images.chunk(self.settings.discriminator_steps):
            fake = self._generated(self._noise(len(real), stream))
            losses.append(self._update_discriminator(real, fake.detach()))
        loss = torch.stack(losses).mean()
        return {
            "discriminator_loss": loss,
            "jensen_shannon": jensen_shannon(loss),
            "generator_loss": self._update_generator(fake),
        }

    @override
    def evaluate(self, images: Tensor, labels: Tensor | None) -> dict[str, Tensor]:
        """`jensen_shannon`, between the images and as many generated ones.

        Where they do not fill the last pack, the first ones do.
        """
        packing = self.settings.packing
        images = images[torch.arange(-(-len(images) // packing) * packing) % len(images)]
        with torch.no_grad():
            fake = self.generate(self._noise(len(images), self.random("evaluate", 0)))
            return {"jensen_shannon": jensen_shannon(self._discriminator_loss(images, fake))}

    def _update_discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        spectral_norm.iterate(self.networks["discriminator"])
        loss = self._discriminator_loss(real, fake)
        descend(self.optimizers["discriminator"], loss)
        return loss.detach()

    def _update_generator(self, fake: Tensor) -> Tensor:
        """The non-saturating loss, -log D(G(z)). Source: Goodfellow et al. (2014), Section 3."""
        discriminator = self.networks["discriminator"].requires_grad_(False)  # saves gradients that nobody would use
        logits: Tensor = discriminator(pack(fake, self.settings.packing))
        loss = functional.softplus(-logits).mean()
        descend(self.optimizers["generator"], loss)
        discriminator.requires_grad_(True)
        return loss.detach()

    def _discriminator_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        """Binary cross-entropy, -log D(real) - log(1 - D(fake)), each a mean over packs."""
        packs = pack(torch.cat([real, fake]), self.settings.packing)
        logits_real, logits_fake = self.networks["discriminator"](packs).chunk(2)
        return functional.softplus(-logits_real).mean() + functional.softplus(logits_fake).mean()


def pack(images: Tensor, packing: int) -> Tensor:
    """Each `packing` neighbouring images as channels of one: (count / packing, packing · channels, size, size).

    Training images come in a random order, so neighbours are independent.

    Source: Lin, Khetan, Fanti and Oh (2018), Section 3.
    """
    count, channels, *size = images.shape
    return images.reshape(count // packing, packing * channels, *size)


def jensen_shannon(discriminator_loss: Tensor) -> Tensor:
    """The discriminator's estimate, in nats, of the Jensen-Shannon divergence: log 2 - loss / 2.

    For any discriminator its expectation is a lower bound, which the optimal one reaches; of packed images it is the
    divergence of their joint distributions. 0 where nothing is told apart, at most log 2.

    Source: Goodfellow et al. (2014), Theorem 1.
    """
    return math.log(2) - discriminator_loss / 2
