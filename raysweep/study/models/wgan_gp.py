"""Wasserstein GAN with gradient penalty."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, PositiveFloat, PositiveInt

from raysweep import architecture
from raysweep.architecture import Network
from raysweep.study.data import DataFacts
from raysweep.study.models.base import Beta, DescentSettings, LatentSettings


class WganGp(LatentSettings, DescentSettings):
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
