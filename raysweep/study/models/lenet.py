"""LeNet, the classifier."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, PositiveInt
from typing_extensions import override

from raysweep.study import architecture
from raysweep.study.architecture import Dense, Network
from raysweep.study.data import DataFacts
from raysweep.study.models.base import DescentSettings


class LeNet(DescentSettings):
    """A LeNet classifier of the data set's classes: features for distances, classes for the class radius.

    Not an arm: a study trains one when a measure needs it.
    """

    code: ClassVar[str] = "raysweep.models.lenet:LeNetLearner"
    label: ClassVar[str] = "LeNet"
    metric: ClassVar[str] = "validation/loss"
    has_prior: ClassVar[bool] = False
    has_encoder: ClassVar[bool] = False
    family: Literal["lenet"] = "lenet"
    epochs: PositiveInt | None = 5
    batch: Annotated[int, Field(ge=2)] = 64

    @override
    def networks(self, facts: DataFacts) -> dict[str, Network]:
        """Features and the linear head.

        Raises:
            ValueError: the data set has no classes, or has points.
        """
        if facts.points:
            raise ValueError("a LeNet classifies images, and these data are points: classifier='nearest_mode' does")
        if facts.classes is None:
            raise ValueError("the data set has no classes for a classifier to learn")
        return {
            "features": architecture.lenet_features(facts.shape),
            "head": Network((Dense(84, facts.classes),)),
        }
