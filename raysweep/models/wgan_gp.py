"""Wasserstein GAN with gradient penalty."""

from collections.abc import Callable

import torch
from torch import Tensor
from typing_extensions import override

from raysweep.models.adversarial import AdversarialLearner
from raysweep.models.descent import descend
from raysweep.study.models.wgan_gp import WganGp


class WganGpLearner(AdversarialLearner):
    """Generator and critic.

    One update is `critic_steps` updates of the critic, each on a batch of its own, and one of the generator. Real and
    generated images pass the critic in one batch, which changes nothing, since the critic has no BatchNorm.

    Source: Gulrajani et al. (2017), Algorithm 1.
    """

    settings: WganGp

    @override
    def update(self, images: Tensor, labels: Tensor | None, step: int) -> dict[str, Tensor]:
        """`critic_loss`, `wasserstein` and `gradient_penalty` are means over the critic's steps."""
        self.networks.train()
        stream = self.random("update", step)
        rounds = [self._update_critic(real, stream) for real in images.chunk(self.settings.critic_steps)]
        losses = {name: torch.stack([losses[name] for losses in rounds]).mean() for name in rounds[0]}
        return {**losses, "generator_loss": self._update_generator(stream)}

    @override
    def evaluate(self, images: Tensor, labels: Tensor | None) -> dict[str, Tensor]:
        """`wasserstein`, the critic's mean on the images less that on as many generated ones."""
        with torch.no_grad():
            fake = self.generate(self._noise(len(images), self.random("evaluate", 0)))
            return {"wasserstein": self._wasserstein(images, fake)}

    def _update_critic(self, real: Tensor, stream: torch.Generator) -> dict[str, Tensor]:
        with torch.no_grad():
            fake = self._generated(self._noise(len(real), stream))
        wasserstein = self._wasserstein(real, fake)
        penalty = gradient_penalty(self.networks["critic"], real, fake, stream)
        loss = self.settings.gradient_penalty * penalty - wasserstein
        descend(self.optimizers["critic"], loss)
        return {
            "critic_loss": loss.detach(),
            "wasserstein": wasserstein.detach(),
            "gradient_penalty": penalty.detach(),
        }

    def _update_generator(self, stream: torch.Generator) -> Tensor:
        critic = self.networks["critic"].requires_grad_(False)  # saves the gradients that nobody would use
        loss: Tensor = -critic(self._generated(self._noise(self.settings.batch, stream))).mean()
        descend(self.optimizers["generator"], loss)
        critic.requires_grad_(True)
        return loss.detach()

    def _wasserstein(self, real: Tensor, fake: Tensor) -> Tensor:
        """The critic's estimate of the distance: its mean on `real` less its mean on `fake`."""
        scores: Tensor = self.networks["critic"](torch.cat([real, fake]))
        return scores[: len(real)].mean() - scores[len(real) :].mean()


def gradient_penalty(critic: Callable[[Tensor], Tensor], real: Tensor, fake: Tensor, stream: torch.Generator) -> Tensor:
    """E[(‖∇critic(x̂)‖₂ − 1)²] at x̂ = ε · real + (1 − ε) · fake, with one ε ~ U[0, 1] per image; differentiable.

    Source: Gulrajani et al. (2017), Eq. 3.

    Args:
        critic: scores (count, 1) of images; each score must depend on its own image only (no BatchNorm).
        real: (count, channels, size, size).
        fake: of the same shape.
        stream: random numbers, on the images' device.
    """
    mix = torch.rand(len(real), 1, 1, 1, generator=stream, device=real.device)
    between = (mix * real + (1 - mix) * fake).requires_grad_(True)
    (gradient,) = torch.autograd.grad(critic(between).sum(), between, create_graph=True)
    norms: Tensor = torch.linalg.vector_norm(gradient.flatten(1), dim=1)
    return (norms - 1).square().mean()
