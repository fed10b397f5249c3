from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from raysweep.errors import UserError
from raysweep.study import ClassRadius, WithinEpsilon
from raysweep.study.architecture import ImageShape
from raysweep.study.data import DataFacts

FACTS = DataFacts(ImageShape(1, 4), train=40, validation=30, classes=2)


@pytest.mark.parametrize(
    ("classifier", "classes", "message"),
    [
        (WithinEpsilon(epsilon=1, reference=40), 2, r"no training image 40; set a classifier\.reference of at most 39"),
        ("nearest_mode", None, "no classes, and so no modes"),
    ],
)
def test_the_classifier_must_fit_the_data(classifier: Any, classes: int | None, message: str) -> None:
    with pytest.raises(UserError, match=message):
        ClassRadius(classifier=classifier).check(replace(FACTS, classes=classes), Path())
    ClassRadius(classifier=WithinEpsilon(epsilon=1, reference=39)).check(FACTS, Path())
