"""The classifiers of generated images and points that measures may use."""

from typing import Annotated, Literal

from pydantic import Field, NonNegativeInt

from raysweep.errors import UserError
from raysweep.study.base import Frozen, Positive
from raysweep.study.data import DataFacts, DataSettings, Grid2d
from raysweep.study.models import FamilySettings
from raysweep.study.models.toy import Toy


class WithinEpsilon(Frozen):
    """Two classes: 0 within ε of one of the training images (or points) in the ℓp distance, and 1 beyond.

    Source: Manoj (2018), the second reading of Definition 2.3.
    """

    kind: Literal["within_epsilon"] = "within_epsilon"
    epsilon: Positive
    """ε, in the units of ‖x − reference‖ₚ over all pixel values in [-1, 1]."""
    reference: NonNegativeInt = 0
    """Index of the training image."""
    p: Annotated[float, Field(ge=1)] = 2.0
    """May be infinite."""


Classifier = Literal["lenet", "nearest_mode"] | WithinEpsilon
"""The study's LeNet classifies images. The nearest mode is that of 2D-Grid, the lattice point of a toy, or of images
the nearest mean image of a class of the training set, as in Manoj (2018), Example 2.2 and footnote 5. Or there are two
classes, within ε of a reference and beyond."""


def check_classifier(measure: str, classifier: Classifier, facts: DataFacts) -> None:
    """Checks that the data have what the classifier of a measure needs.

    Raises:
        UserError: points have no LeNet, images without classes no nearest mode, and the reference does not exist.
    """
    if isinstance(classifier, WithinEpsilon):
        if classifier.reference >= facts.train:
            raise UserError(
                f"measure {measure}: there is no training image {classifier.reference}; set a "
                f"classifier.reference of at most {facts.train - 1}"
            )
    elif classifier == "nearest_mode" and facts.classes is None:
        raise UserError(f"measure {measure}: these data have no classes, and so no modes; give another classifier")
    elif classifier == "lenet" and facts.points:
        raise UserError(f"measure {measure}: a LeNet does not classify points; set classifier='nearest_mode'")


def class_count(classifier: Classifier, facts: DataFacts) -> int:
    """How many classes there are; 0 where that is not known."""
    return 2 if isinstance(classifier, WithinEpsilon) else facts.classes or 0


def class_points(model: FamilySettings, data: DataSettings) -> tuple[tuple[float, ...], ...]:
    """The points, the nearest of which is a generated point's class, in the order of the class numbers."""
    if isinstance(model, Toy):
        return model.class_points
    assert isinstance(data, Grid2d), f"{data.kind} has images, and so no modes"
    return data.modes
