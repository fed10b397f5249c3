from analysis.figures import tuning_importance
from analysis.results import Results
from analysis.statistics.importance import ENOUGH
from support.pretended_search import drawn, with_search


def test_too_few_configurations_tell_no_importance(shared_results: Results) -> None:
    results = with_search(shared_results, drawn(ENOUGH - 3))
    assert tuning_importance.infos(results) == ()
    assert f"fewer than {ENOUGH} configurations" in tuning_importance.FIGURE.absent
