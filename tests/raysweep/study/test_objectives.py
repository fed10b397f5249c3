import math

import numpy as np
import pandas as pd
import pytest

from raysweep.study.objectives import OBJECTIVES, mean_radius, nondominated, relative_omega


def test_a_few_censored_class_radii_count_as_the_largest_found() -> None:
    few = pd.DataFrame({"radius": [1.0] * 18 + [3.0, math.inf]})
    assert OBJECTIVES["class_radius"].value(few) == pytest.approx((18 + 3 + 3) / 20)
    assert OBJECTIVES["class_radius"].value(pd.DataFrame({"radius": [1.0, math.inf]})) == math.inf


def test_the_mean_radius_is_a_lower_bound_where_samples_are_censored() -> None:
    assert mean_radius(np.array([1.0, 2.0])) == 1.5
    assert mean_radius(np.array([1.0, 3.0, math.inf, math.inf])) == (1 + 3 + 3 + 3) / 4
    assert math.isnan(mean_radius(np.array([math.inf])))


def test_looseness_is_the_relative_omega() -> None:
    rows = pd.DataFrame({"scaled_omega": [0.5, 3.0], "unrelated_omega": [1.0, 2.0]})
    assert relative_omega(rows).tolist() == [0.5, 1.5]
    assert OBJECTIVES["looseness"].value(rows) == 1.0


def test_the_front_is_what_nothing_dominates() -> None:
    values = np.array([[0.0, 3.0], [1.0, 1.0], [1.0, 2.0], [3.0, 0.0], [1.0, 1.0]])
    assert nondominated(values).tolist() == [True, True, False, True, True]
