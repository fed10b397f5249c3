"""By what a generated image or point is put in a class, in the measures that ask for its class."""

from typing import Literal

from raysweep.errors import UserError
from raysweep.study.data import AnyData, DataFacts, Grid2d
from raysweep.study.models import FamilySettings, Toy

Classifier = Literal["lenet", "nearest_mode"]
"""Images are classified by the study's LeNet, points by the mode (of 2D-Grid) or lattice point (of a toy) nearest to
them, as in Manoj (2018), Example 2.2 and footnote 5."""


def check_classifier(measure: str, classifier: Classifier, facts: DataFacts) -> None:
    """Checks that the data have what the classifier of a measure needs.

    Raises:
        UserError: points have no LeNet, and images no nearest mode.
    """
    if classifier == "nearest_mode" and not facts.points:
        raise UserError(f"measure {measure}: images have no nearest mode; set classifier='lenet'")
    if classifier == "lenet" and facts.points:
        raise UserError(f"measure {measure}: a LeNet does not classify points; set classifier='nearest_mode'")


def class_points(model: FamilySettings, data: AnyData) -> tuple[tuple[float, ...], ...]:
    """The points of which the nearest is a generated point's class, in the order of the class numbers."""
    if isinstance(model, Toy):
        return model.class_points
    assert isinstance(data, Grid2d), f"{data.kind} has images, and so no modes"
    return data.modes
