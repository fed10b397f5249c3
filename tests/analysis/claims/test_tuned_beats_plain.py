import math

from analysis.claims import tuned_beats_plain
from analysis.results import Results
from support.pretended_search import FINALISTS, drawn, known, with_search


def test_one_finalist_that_beats_its_twin_is_enough(searched: Results) -> None:
    finding = tuned_beats_plain.examine(searched)
    assert finding.verdict == "supported"
    assert "c2." in finding.why
    assert len(finding.evidence) == 2 * 3


def test_none_does_is_a_result(shared_results: Results) -> None:
    finding = tuned_beats_plain.examine(with_search(shared_results, drawn(4), ["c3"], known))
    assert finding.verdict == "not supported"
    assert "None does" in finding.why


def test_one_fresh_seed_decides_nothing(shared_results: Results) -> None:
    results = with_search(shared_results, drawn(4), FINALISTS, known, fresh_seeds=(101,))
    assert tuned_beats_plain.examine(results).verdict == "undecided"


def test_a_finalist_that_is_its_own_twin_has_gained_nothing(shared_results: Results) -> None:
    plain = {"c2": {**drawn(1)["c2"], "lam": 0.0, "c": math.inf}}
    assert tuned_beats_plain.examine(with_search(shared_results, plain, ["c2"], known)).verdict == "not measured"
