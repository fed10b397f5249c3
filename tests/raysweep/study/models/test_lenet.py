from dataclasses import replace
from pathlib import Path

import pytest

from raysweep.study import Digits, Grid2d, LeNet

FACTS = Digits().facts(Path())


def test_the_head_has_an_output_for_every_class() -> None:
    assert LeNet().networks(FACTS)["head"].parameters == 84 * 10 + 10
    assert LeNet().networks(replace(FACTS, classes=3))["head"].parameters == 84 * 3 + 3


def test_it_takes_images_with_classes() -> None:
    with pytest.raises(ValueError, match="the data set has no classes for a classifier to learn"):
        LeNet().networks(replace(FACTS, classes=None))
    with pytest.raises(ValueError, match="these data are points: classifier='nearest_mode' does"):
        LeNet().networks(Grid2d().facts(Path()))
