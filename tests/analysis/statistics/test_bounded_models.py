import math
from collections.abc import Callable

import numpy as np
import pytest
from scipy import stats

from analysis.results import Results
from analysis.statistics.bounded_models import bounded_models, radius_measures
from raysweep.study import Arm, ClassRadius, Gan, Grid2d, Modes
from support.pretended_results import pretended_study

RADIUS = ClassRadius(classifier="nearest_mode", samples=100, shard=5)
STUDY = pretended_study(data=Grid2d(), arms=(Arm(model=Gan(layers="mlp", latent_dim=2)),), measures=(Modes(), RADIUS))


def test_a_model_has_the_mean_radius_of_its_samples_and_the_entropy_of_their_classes(
    make_results: Callable[..., Results],
) -> None:
    """A hundred samples fall on ten classes, as many on each: 10 · 10 · 9 of their 100 · 99 pairs share one."""
    results = make_results(STUDY, radius=lambda trial: 0.3, censored=lambda trial: int(trial.seed == 1))
    assert radius_measures(results) == (RADIUS,)
    first, second = bounded_models(results, RADIUS)
    radii = results.rows(RADIUS).groupby("trial")["radius"].get_group(first.trial.id).to_numpy(np.float64)
    low, high = stats.t.interval(0.95, 99, radii.mean(), stats.sem(radii))
    assert (first.radius.value, first.radius.low, first.radius.high) == pytest.approx((radii.mean(), low, high))
    assert first.entropy.value == pytest.approx(math.log(100 * 99 / (10 * 10 * 9)))
    assert first.largest.value == pytest.approx(0.1)
    assert math.isinf(second.radius.value)


def test_a_model_of_fewer_than_three_samples_is_left_out(make_results: Callable[..., Results]) -> None:
    few = RADIUS.model_copy(update={"samples": 2})
    results = make_results(STUDY.model_copy(update={"measures": (few,)}))
    assert bounded_models(results, few) == ()
