"""Wasserstein GAN with gradient penalty."""

from typing import ClassVar, Literal

from pydantic import PositiveInt
from typing_extensions import override

from raysweep.study.architecture import Network
from raysweep.study.base import Positive
from raysweep.study.data import DataFacts
from raysweep.study.models.adversarial import AdversarialSettings
from raysweep.study.models.base import Beta


class WganGp(AdversarialSettings):
    """Wasserstein GAN with gradient penalty.

    Source: Gulrajani et al. (2017); the defaults are those of Pinetz, Soukup and Pock (2019), supplementary.
    """

    code: ClassVar[str] = "raysweep.models.wgan_gp:WganGpLearner"
    label: ClassVar[str] = "WGAN-GP"
    colour: ClassVar[str] = "#0072b2"
    metric: ClassVar[str] = "validation/wasserstein"
    """The critic's estimate of the Wasserstein distance to held-out images."""
    family: Literal["wgan_gp"] = "wgan_gp"
    critic_steps: PositiveInt = 5
    """Critic updates per generator update."""
    gradient_penalty: Positive = 10.0
    """Weight of (‖∇critic‖ − 1)²."""
    learning_rate: Positive = 1e-4
    betas: tuple[Beta, Beta] = (0.0, 0.9)

    @property
    @override
    def batches_per_step(self) -> int:
        """One batch for every critic update."""
        return self.critic_steps

    @override
    def networks(self, facts: DataFacts) -> dict[str, Network]:
        """Generator and critic."""
        return {"generator": self._generator(facts), "critic": self._critic(facts.shape)}

    @override
    def flop_per_step(self, facts: DataFacts) -> float:
        """Forward passes of the critic, per critic update: 3 + 3 for real and generated images with their backward
        passes, and 4 for the penalty (forward, gradient for the input, and a backward pass of that gradient; the
        activations are piecewise linear, so nothing flows back into the forward pass).
        """
        networks = self.networks(facts)
        generator = 2.0 * networks["generator"].multiply_adds * self.batch
        critic = 2.0 * networks["critic"].multiply_adds * self.batch
        return self.critic_steps * (generator + 10.0 * critic) + 3.0 * generator + 2.0 * critic
