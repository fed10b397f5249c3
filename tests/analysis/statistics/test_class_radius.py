from collections.abc import Callable

import pandas as pd
import pytest

from analysis.results import Results
from analysis.statistics.class_radius import bracket, radii
from raysweep.study import Arm, ClassRadius, Vae
from support.pretended_results import pretended_study

NAN, INF = float("nan"), float("inf")
STUDY = pretended_study(arms=(Arm(model=Vae(width=8)),), measures=(ClassRadius(samples=20, shard=10),))


@pytest.fixture
def rows() -> pd.DataFrame:
    """Of four prior samples of each trial: the first trial has a censored sample and no lower bounds."""
    first, second = (trial.id for trial in STUDY.trials if trial.arm == "vae")
    samples = [(first, 1.0, NAN), (first, 2.0, NAN), (first, 3.0, NAN), (first, INF, NAN)]
    samples += [(second, radius, radius / 2) for radius in (1.0, 1.0, 2.0, 4.0)]
    return pd.DataFrame(samples, columns=["trial", "radius", "lower"])


def test_a_censored_sample_counts_as_the_largest_found_and_is_told(
    rows: pd.DataFrame, make_results: Callable[..., Results]
) -> None:
    first, second = radii(make_results(STUDY), rows)
    assert (first.value, first.count, first.censored) == (9 / 4, 4, 0.25)
    assert (second.value, second.censored) == (2.0, 0.0)


def test_only_trials_with_lower_bounds_have_a_bracket(rows: pd.DataFrame, make_results: Callable[..., Results]) -> None:
    *upper, lower = bracket(make_results(STUDY), rows)
    assert [value.part for value in upper] == ["samples", "samples"]
    assert (lower.part, lower.value, lower.trial) == ("lower", 1.0, upper[1].trial)
