"""The settings of a model family: its networks, and the cost of a training step."""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, ClassVar, Self

from pydantic import Field, PositiveInt, model_validator
from typing_extensions import override

from raysweep.study.architecture import Network
from raysweep.study.base import Kind, Positive
from raysweep.study.data import DataFacts

Beta = Annotated[float, Field(ge=0, lt=1)]
NonNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]


OTHER_BUDGET = {"steps": "epochs", "epochs": "steps"}
"""The two ways to say how long a model is trained: setting one takes back the other."""


class FamilySettings(Kind):
    """A model, and how it is trained.

    `code` is the `Learner` that trains it, a class of `raysweep.models`.
    """

    tag: ClassVar[str] = "family"
    colour: ClassVar[str] = ""
    """The colour of its arms in figures, if it is free; by default one that no arm has."""
    variants: ClassVar[Mapping[str, str]] = {}
    """Names that its arms are often given, and how the report writes them."""
    metric: ClassVar[str] = ""
    """The metric of its training that is compared between trials, such as "validation/loss": smaller is better. Empty
    if nothing is trained."""
    loss_parts: ClassVar[tuple[str, ...]] = ()
    """The metrics whose sum on held-out images is the loss by which a search compares configurations; empty where there
    is none."""
    has_prior: ClassVar[bool]
    """Samples are drawn by generating from z ~ N(0, I)."""
    has_encoder: ClassVar[bool]
    """Images are reconstructed by encoding and decoding; if False, by inverting the generator."""
    has_posterior: ClassVar[bool] = False
    """The encoder gives a distribution of latents for each image, not a single one."""
    if TYPE_CHECKING:
        family: str  # every family has this field; declared here for pydantic too, it would come first in tables

    @property
    def images_per_step(self) -> int:
        """Training images that one step consumes."""
        raise NotImplementedError

    def total_steps(self, facts: DataFacts) -> int:
        """Training steps on a data set."""
        raise NotImplementedError

    def networks(self, facts: DataFacts) -> dict[str, Network]:
        """The networks by name.

        Raises:
            ValueError: the family cannot work on images of that shape.
        """
        raise NotImplementedError

    def parameters(self, facts: DataFacts) -> int:
        """Trained values, in all networks."""
        return sum(network.parameters for network in self.networks(facts).values())

    def values_to_continue(self, facts: DataFacts) -> int:
        """Values of four bytes that a checkpoint holds, so that training goes on exactly."""
        raise NotImplementedError

    def flop_per_step(self, facts: DataFacts) -> float:
        """Floating-point operations of a training step: a multiply-add is 2."""
        raise NotImplementedError

    def decoder_flop(self, facts: DataFacts) -> float:
        """Floating-point operations of generating one image; 0 where nothing is generated."""
        networks = self.networks(facts)
        return 2.0 * sum(networks[name].multiply_adds for name in ("generator", "decoder") if name in networks)

    def encoder_flop(self, facts: DataFacts) -> float:
        """Floating-point operations of encoding one image; 0 where nothing is encoded."""
        networks = self.networks(facts)
        parts = ("encoder", "mean", "log_variance")
        return 2.0 * sum(networks[name].multiply_adds for name in parts if name in networks)


class LatentSettings(FamilySettings):
    """A family with a latent space, from which it generates images."""

    latent_dim: PositiveInt = 10
    """dim(z)."""


class DescentSettings(FamilySettings):
    """A family that is trained by gradient descent, with Adam. Exactly one of `steps` and `epochs` is given."""

    steps: PositiveInt | None = None
    """Training steps: generator iterations for a GAN, else batches."""
    epochs: PositiveInt | None = None
    """Passes over the training images."""
    batch: Annotated[int, Field(ge=2)] = 64
    """Images in a batch."""
    learning_rate: Positive = 1e-3
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

    @property
    @override
    def images_per_step(self) -> int:
        return self.batch * self.batches_per_step

    @override
    def total_steps(self, facts: DataFacts) -> int:
        """`steps`, or as many as `epochs` passes need."""
        if self.steps is not None:
            return self.steps
        assert self.epochs is not None
        return math.ceil(self.epochs * facts.train / self.images_per_step)

    @override
    def values_to_continue(self, facts: DataFacts) -> int:
        """Each weight and Adam's two moments of it."""
        return 3 * self.parameters(facts)

    @override
    def flop_per_step(self, facts: DataFacts) -> float:
        """A backward pass costs two forward ones."""
        forward = 2.0 * sum(network.multiply_adds for network in self.networks(facts).values())
        return 3.0 * forward * self.batch
