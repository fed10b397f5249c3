import numpy as np
import pytest

from raysweep.radius.exact import LATTICE, SQUARE
from raysweep.study import (
    ExactRadius,
    Toy,
)
from support.point_models import RADIUS, Make, measured


@pytest.mark.parametrize(("toy", "boxes"), [(Toy(generator="square"), SQUARE), (Toy(), LATTICE)])
def test_a_toys_radius_stands_beside_the_estimate(toy: Toy, boxes: object, make_of_points: Make) -> None:
    rows = measured(RADIUS, make_of_points(toy))
    assert {row["lower_by"] for row in rows} == {"exact"}
    exact = np.array([row["lower"] for row in rows])
    estimate = np.array([row["radius"] for row in rows])
    assert (estimate >= exact * (1 - 1e-4) - 1e-6).all()
    assert estimate.mean() / exact.mean() < 1.01
    [row] = measured(ExactRadius(), make_of_points(toy))
    assert row["radius"] == boxes.expected_radius()  # type: ignore[attr-defined]
    assert row["probabilities"] == list(boxes.probabilities())  # type: ignore[attr-defined]
    assert row["radius"] < row["bound"]  # type: ignore[operator]
