import math
from collections.abc import Callable

import numpy as np
import pytest

from analysis.figures import (
    reconstruction_overfitting,
)
from analysis.results import Results
from raysweep.study import Reconstruction
from support.other_targets import MEASURE, gan_ae


def test_overfitting_is_a_gap_of_medians_and_a_test(make_results: Callable[..., Results]) -> None:
    # Errors alternate 10 % below and above the mean, so the median of an even number of them is the mean.
    means = {"train": 0.1, "validation": 0.4, "generated": 0.01}
    plain = Reconstruction(images=20, generated=10, shard=10)
    (info,) = reconstruction_overfitting.infos(make_results(gan_ae(plain), mse=lambda trial, part: means[part]))
    gan, ae = info.arms
    assert gan.tests[0].medians == pytest.approx(means)
    assert set(ae.medians) == {"train", "validation"}
    np.testing.assert_allclose(gan.gaps.mean, 0.75)  # (0.4 − 0.1) / 0.4
    # Twenty errors against twenty larger ones: the largest distance, whose p-value is 2 / C(40, 20).
    assert gan.tests[0].p_value == pytest.approx(2 / math.comb(40, 20))
    text = reconstruction_overfitting.caption(info)
    assert "they see overfitting: 12 of 12 trials" in text
    assert "a trial of 40 images" in text


def test_equal_errors_show_no_overfitting(make_results: Callable[..., Results]) -> None:
    (info,) = reconstruction_overfitting.infos(make_results(gan_ae(MEASURE), mse=lambda trial, part: 0.3))
    np.testing.assert_allclose(info.arms[0].gaps.mean, 0.0)
    assert {test.p_value for arm in info.arms for test in arm.tests} == {1.0}
