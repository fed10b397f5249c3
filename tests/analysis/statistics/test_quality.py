import math
from collections.abc import Callable

from analysis.results import Results
from analysis.statistics.quality import support_sizes
from raysweep.study import Arm, BirthdayTest, WganGp
from support.pretended_results import pretended_study


def test_samples_without_duplicates_have_no_support_size(make_results: Callable[..., Results]) -> None:
    study = pretended_study(arms=(Arm(model=WganGp(width=8)),), measures=(BirthdayTest(),))
    results = make_results(study, duplicates=lambda trial: 0 if trial.seed == 1 else 5_000)
    values = [value for value in support_sizes(results, results.rows(study.measures[0])) if value.part == "samples"]
    assert [(math.isfinite(value.value), value.censored) for value in values] == [(True, 0.0), (False, 1.0)]
