import math

import numpy as np
import pandas as pd
import pytest

from raysweep.study.objectives import OBJECTIVES, nondominated


def test_a_few_censored_class_radii_count_as_the_largest_found() -> None:
    few = pd.DataFrame({"radius": [1.0] * 18 + [3.0, math.inf]})
    assert OBJECTIVES["class_radius"].value(few) == pytest.approx((18 + 3 + 3) / 20)
    assert OBJECTIVES["class_radius"].value(pd.DataFrame({"radius": [1.0, math.inf]})) == math.inf


def test_the_front_is_what_nothing_dominates() -> None:
    values = np.array([[0.0, 3.0], [1.0, 1.0], [1.0, 2.0], [3.0, 0.0], [1.0, 1.0]])
    assert nondominated(values).tolist() == [True, True, False, True, True]
