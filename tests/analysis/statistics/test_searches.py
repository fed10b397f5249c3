import math

import pytest

from analysis.results import Results
from analysis.statistics.searches import differences, found
from support.pretended_search import FINALISTS, drawn, known, with_search


def test_roles_come_from_the_table(searched: Results) -> None:
    search = found(searched)
    assert search is not None
    roles = {each.name: each.role for each in search.configurations}
    assert roles["plain_vae"] == "baseline"
    assert (roles["c2"], roles["c4"], roles["c2_plain_vae"]) == ("finalist", "searched", "twin")


def test_a_failed_configuration_is_no_dot(shared_results: Results) -> None:
    search = found(with_search(shared_results, drawn(4), FINALISTS, known, failed=["c5"]))
    assert search is not None
    assert {each.name for each in search.complete} == {"published", "plain_vae", "c2", "c3", "c4"}


def test_gains_are_positive_where_the_finalist_is_better(searched: Results) -> None:
    search = found(searched)
    assert search is not None
    gains = {(each.finalist.name, each.objective): each.gain for each in differences(search)}
    assert gains["c2", "held_out_loss"].value == pytest.approx(0.5)
    assert gains["c2", "collision_entropy"].value == pytest.approx(0)
    assert gains["c3", "held_out_loss"].value == pytest.approx(-1)
    # What both share of a seed cancels: 0.010 a seed is left, so s = 0.010, and t = 4.30 with two degrees of freedom.
    low, high = gains["c2", "held_out_loss"].interval()
    assert (high - low) / 2 == pytest.approx(4.3027 * 0.010 / math.sqrt(3), rel=1e-3)
