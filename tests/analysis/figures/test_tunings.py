"""What is said of a search: its front, its gains and its verdict, from numbers whose answer is known."""

import math
from collections.abc import Mapping

import numpy as np
import pytest

from analysis.claims import tuned_beats_plain
from analysis.drawing.style import figure_style, new_figure
from analysis.figures import FIGURES, tuning_front, tuning_importance, tuning_slices, tuning_twins
from analysis.results import Results
from analysis.statistics.importance import ENOUGH, encode, forest_importance, importances
from analysis.statistics.searches import differences, found, on_front
from support.pretended_search import Values, drawn, plausible_score, with_search

NAMES = [name for name in FIGURES if name.startswith("tuning")]
FINALISTS = ("c2", "c3")
MEANS = {
    "published": (2.0, 0.5, 3.0),
    "plain_vae": (1.0, 0.2, 1.0),
    "c2": (1.0, 0.5, 1.0),  # the plain VAE, but of larger entropy: that dominates it
    "c3": (3.0, 0.4, 3.0),  # no better than `published` anywhere
    "c2_plain_vae": (1.5, 0.5, 2.0),
    "c3_plain_vae": (2.0, 0.4, 0.5),
}


def known(name: str, values: Values, seed: int) -> Mapping[str, float]:
    """Means as above, with one spread of seeds that both of a pair share, and a little of their own."""
    loss, entropy, distance = MEANS.get(name, (9.0, 0.1, 9.0))
    shared, own = 0.1 * (seed - 101), 0.001 * (seed - 101) * len(name)
    return {"held_out_loss": loss + shared + own, "collision_entropy": entropy, "frechet": distance + own}


@pytest.fixture
def searched(shared_results: Results) -> Results:
    return with_search(shared_results, drawn(4), FINALISTS, known)


def test_the_front_is_known_whatever_the_direction(searched: Results) -> None:
    search = found(searched)
    assert search is not None
    assert search.objectives == ("held_out_loss", "collision_entropy", "frechet")
    assert on_front(search) == {
        "published": False,
        "plain_vae": False,
        "c2": True,
        "c3": False,
        "c2_plain_vae": False,
        "c3_plain_vae": True,
    }
    (info,) = tuning_front.infos(searched)
    assert info.pairs == (
        ("held_out_loss", "collision_entropy"),
        ("held_out_loss", "frechet"),
        ("collision_entropy", "frechet"),
    )
    text = tuning_front.caption(info)
    assert "Faint dots are the 6 configurations of the search, means over 2 seeds" in text
    assert "twin has all of its settings but λ and c" in text


def test_roles_come_from_the_table(searched: Results) -> None:
    search = found(searched)
    assert search is not None
    roles = {each.name: each.role for each in search.configurations}
    assert roles["plain_vae"] == "baseline"
    assert (roles["c2"], roles["c4"], roles["c2_plain_vae"]) == ("finalist", "searched", "twin")


def test_what_was_not_scored_is_counted(shared_results: Results) -> None:
    results = with_search(shared_results, drawn(6), FINALISTS, known, failed=["c5"], pruned=["c6", "c7"])
    (info,) = tuning_front.infos(results)
    text = tuning_front.caption(info)
    assert "Faint dots are the 5 configurations" in text
    assert "Not shown: 1 failed and 2 pruned." in text


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
    (info,) = tuning_twins.infos(results)
    assert "no intervals" in tuning_twins.caption(info)


def test_a_finalist_that_is_its_own_twin_has_gained_nothing(shared_results: Results) -> None:
    plain = {"c2": {**drawn(1)["c2"], "lam": 0.0, "c": math.inf}}
    assert tuned_beats_plain.examine(with_search(shared_results, plain, ["c2"], known)).verdict == "not measured"


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


def test_too_few_configurations_tell_no_importance(shared_results: Results) -> None:
    results = with_search(shared_results, drawn(ENOUGH - 3))
    assert tuning_importance.infos(results) == ()
    assert f"fewer than {ENOUGH} configurations" in tuning_importance.FIGURE.absent


def test_infinity_and_names_have_an_order() -> None:
    assert encode([0.3, math.inf, 0.1]).tolist() == [2, 3, 1]
    assert encode(["b", "a", "b"]).tolist() == [2.5, 1, 2.5]


def test_values_without_a_place_stand_beside_the_scale() -> None:
    scale = tuning_slices.scale([0.0, 0.1, 100.0, math.inf])
    assert scale.logarithmic
    assert (scale.places[0.1], scale.places[100.0]) == (0.1, 100)
    assert 0 < scale.places[0.0] < 0.1
    assert 100 < scale.places[math.inf] < math.inf
    assert list(scale.ticks.values()) == ["0", "∞"]
    linear = tuning_slices.scale([2, 3, 5])
    assert (linear.places, linear.ticks, linear.logarithmic) == ({2: 2, 3: 3, 5: 5}, {}, False)
    assert tuning_slices.scale(["b", "a"]).places == {"a": 0, "b": 1}
    assert tuning_slices.scale([0.0, math.inf]).places[math.inf] > 0


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.slow
def test_every_figure_is_drawn_or_says_that_nothing_was_searched(
    shared_results: Results, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("analysis.statistics.importance.TREES", 5)
    kind = FIGURES[name]
    assert kind.infos(shared_results) == ()
    assert "no settings were searched" in kind.absent
    (info,) = kind.infos(with_search(shared_results, drawn(28), FINALISTS, plausible_score))
    with figure_style():
        kind.draw(info, new_figure())
    assert kind.caption(info)
