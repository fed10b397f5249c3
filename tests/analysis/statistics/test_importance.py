import math
from collections.abc import Mapping

import numpy as np

from analysis.results import Results
from analysis.statistics.importance import encode, forest_importance, importances
from analysis.statistics.searches import found
from support.pretended_search import Values, drawn, plausible_score, with_search


def test_the_setting_that_decides_has_importance_two_and_the_others_none() -> None:
    """If y is xᵢ alone, a shuffled xᵢ is as far from y as two independent draws: twice the variance."""
    settings = np.random.default_rng(0).uniform(size=(400, 3))
    importance, explained = forest_importance(settings, settings[:, 1])
    np.testing.assert_allclose(importance, [0, 2, 0], atol=0.1)
    assert explained > 0.98


def test_what_no_setting_decides_is_not_explained() -> None:
    random = np.random.default_rng(0)
    importance, explained = forest_importance(random.uniform(size=(60, 2)), random.uniform(size=60))
    assert explained < 0
    assert np.abs(importance).max() < 0.3
    assert forest_importance(random.uniform(size=(60, 2)), np.ones(60))[1] == 0


def test_importances_have_intervals(shared_results: Results) -> None:
    def score(name: str, values: Values, seed: int) -> Mapping[str, float]:
        return {"looseness": plausible_score(name, values, seed)["looseness"]}

    search = found(with_search(shared_results, drawn(48), score=score))
    assert search is not None
    (looseness,) = importances(search)
    low, high = looseness.values - looseness.half, looseness.values + looseness.half
    lam = search.settings.index("lam")
    assert low[lam] > 1
    assert all(high[other] < 0.3 for other in range(len(low)) if other != lam)


def test_infinity_and_names_have_an_order() -> None:
    assert encode([0.3, math.inf, 0.1]).tolist() == [2, 3, 1]
    assert encode(["b", "a", "b"]).tolist() == [2.5, 1, 2.5]
