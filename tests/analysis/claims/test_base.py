import math

import pytest

from analysis.claims.base import MARGIN, Effect, Evidence, Finding, as_ratio, judge, within_margin
from analysis.statistics.intervals import Estimate


def effect(value: float, error: float, each: tuple[float, ...], freedom: int = 4) -> Effect:
    return Effect("here", Estimate(value, error, freedom, each))


# With four degrees of freedom the 95 % interval is ± 2.776 standard errors.
CLEAR = effect(3.0, 1.0, (2.0, 3.0, 4.0))
OPEN = effect(2.5, 1.0, (2.0, 2.5, 3.0))
AGAINST = effect(-20.0, 1.0, (-21.0, -20.0, -19.0))


def test_supported_takes_every_interval() -> None:
    assert judge([CLEAR, CLEAR])[0] == "supported"
    assert judge([CLEAR, OPEN])[0] == "undecided"


def test_one_clear_contradiction_refutes() -> None:
    verdict, why = judge([CLEAR, Effect("elsewhere", AGAINST.estimate)])
    assert verdict == "not supported"
    assert why.endswith("for elsewhere.")


def test_many_quantities_raise_the_bar_for_refuting() -> None:
    # − 3 standard errors: beyond 2.776 (95 %), but not beyond 4.604 (99 %, for five quantities).
    against = effect(-3.0, 1.0, (-3.0, -3.0, -3.0))
    assert judge([against])[0] == "not supported"
    assert judge([against] + 4 * [CLEAR])[0] == "undecided"


def test_one_seed_decides_nothing() -> None:
    verdict, why = judge([effect(100.0, math.inf, (100.0,), freedom=0)])
    assert verdict == "undecided"
    assert "one seed" in why


def test_few_seeds_must_agree() -> None:
    assert judge([effect(3.0, 1.0, (-0.1, 6.1))])[0] == "undecided"
    assert judge([effect(3.0, 1.0, (-0.1, 3.0, 6.1))])[0] == "supported"
    assert judge([effect(-20.0, 1.0, (0.1, -40.1))])[0] == "undecided"
    assert judge([effect(3.0, 1.0, ())])[0] == "undecided"


def test_nothing_to_judge_by_is_an_error() -> None:
    with pytest.raises(ValueError, match="no effects"):
        judge([])


def test_no_change_means_the_whole_interval_is_within_the_margin() -> None:
    room = math.log(MARGIN)

    def verdict(value: float, error: float) -> str:
        return judge(within_margin("here", Estimate(value, error, 4, (value, value, value))))[0]

    assert verdict(0.0, room / 3) == "supported"
    assert verdict(0.0, room / 2) == "undecided"
    assert verdict(0.9 * room, room / 10) == "undecided"
    assert verdict(-3 * room, room / 10) == "not supported"
    assert verdict(3 * room, room / 10) == "not supported"


def test_ratios_are_in_natural_units() -> None:
    line = as_ratio("ratio", "here", Estimate(math.log(2), 0.0, 2, (math.log(2), math.log(2))))
    assert (line.value, line.low, line.high) == (pytest.approx(2), pytest.approx(2), pytest.approx(2))
    assert line.seeds == (pytest.approx(2), pytest.approx(2))


def test_an_open_interval_of_a_ratio_is_from_zero_to_infinity() -> None:
    line = as_ratio("ratio", "here", Estimate(0.0, math.inf, 0, (0.0,)))
    assert (line.low, line.high) == (0.0, math.inf)


def test_the_headline_shows_the_ends() -> None:
    lines = tuple(Evidence("ratio", str(value), value, 0, 9, ()) for value in (2.0, 1.0, 3.0))
    slope = Evidence("slope", "all", -1.0, -2, 0, ())
    finding = Finding("supported", "", evidence=(*lines, slope))
    assert [(unit, [line.value for line in shown]) for unit, shown in finding.headline] == [
        ("ratio", [1.0, 3.0]),
        ("slope", [-1.0]),
    ]
