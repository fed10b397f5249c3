"""A family that learns the mean image."""

from typing import ClassVar, Literal

from pydantic import PositiveInt
from typing_extensions import override

from raysweep.study.architecture import Dense, Fold, Network
from raysweep.study.data import DataFacts
from raysweep.study.models import DescentSettings, LatentSettings


class MeanMatch(LatentSettings, DescentSettings):
    """A linear generator whose images have the mean of the training images."""

    code: ClassVar[str] = "raysweep.models.mean_match:MeanMatchLearner"
    label: ClassVar[str] = "Mean-Match"
    has_prior: ClassVar[bool] = True
    has_encoder: ClassVar[bool] = False
    family: Literal["mean_match"] = "mean_match"
    steps: PositiveInt | None = 100

    @override
    def networks(self, facts: DataFacts) -> dict[str, Network]:
        layers = Dense(self.latent_dim, facts.shape.pixels, "tanh"), Fold(facts.shape.channels, facts.shape.size)
        return {"generator": Network(layers)}
