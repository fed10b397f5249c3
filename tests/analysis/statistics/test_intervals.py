import math

import pytest

from analysis.statistics.intervals import band_words, contrast, over_seeds, slope_weights, student


def test_three_seeds_give_a_student_interval() -> None:
    interval = over_seeds([1.0, 2.0, 3.0])
    # Two degrees of freedom: t = 4.302653 (any table); s = 1.
    assert interval.mean == 2.0
    assert interval.low == pytest.approx(2.0 - 4.302653 / math.sqrt(3), rel=1e-6)
    assert interval.high == pytest.approx(2.0 + 4.302653 / math.sqrt(3), rel=1e-6)
    assert interval.seeds == 3


def test_two_seeds_give_their_range() -> None:
    interval = over_seeds([3.0, 1.0])
    assert (interval.mean, interval.low, interval.high, interval.seeds) == (2.0, 1.0, 3.0, 2)


def test_no_seed_is_an_error() -> None:
    with pytest.raises(ValueError, match="no values"):
        over_seeds([])


@pytest.mark.parametrize(
    ("freedom", "level", "factor"), [(1, 0.95, 12.706205), (4, 0.95, 2.776445), (4, 0.99, 4.604095)]
)
def test_student_factors_are_those_of_the_tables(freedom: int, level: float, factor: float) -> None:
    assert student(freedom, level) == pytest.approx(factor, rel=1e-6)


@pytest.mark.parametrize(
    ("seeds", "words"),
    [
        ([1, 1], "one seed, so no bands"),
        ([2], "over 2 seeds; bands are the range"),
        ([1, 2], "those without bands rest on one seed"),
        ([3], "over 3 seeds; bands are 95 % Student-t intervals"),
        ([3, 5], "over 3 to 5 seeds; bands are 95 % Student-t intervals"),
        ([2, 4], "where there are at least 3, and elsewhere the range"),
    ],
)
def test_bands_are_said_in_words(seeds: list[int], words: str) -> None:
    assert words in band_words(seeds)


def test_a_contrast_pools_the_spread_of_its_cells() -> None:
    # Sums of squares 2 and 8 on one degree of freedom each: s² = 5.
    estimate = contrast([{0: 1.0, 1: 3.0}, {0: 5.0, 1: 9.0}], [1.0, -1.0])
    assert estimate.value == -5.0
    assert estimate.error == pytest.approx(math.sqrt(5 * (1 / 2 + 1 / 2)))
    assert estimate.freedom == 2
    assert estimate.each == (-4.0, -6.0)
    low, high = estimate.interval()
    assert (low, high) == (
        pytest.approx(-5 - 4.302653 * math.sqrt(5), rel=1e-6),
        pytest.approx(-5 + 4.302653 * math.sqrt(5), rel=1e-6),
    )


def test_a_missing_seed_weighs_in_the_error() -> None:
    estimate = contrast([{0: 1.0, 1: 3.0}, {0: 5.0}], [0.0, 1.0])
    assert estimate.value == 5.0
    assert estimate.freedom == 1
    assert estimate.error == pytest.approx(math.sqrt(2.0))
    assert estimate.each == (5.0,)


def test_one_seed_leaves_everything_open() -> None:
    estimate = contrast([{0: 1.0}, {0: 2.0}], [1.0, 0.0])
    assert estimate.freedom == 0
    assert estimate.interval() == (-math.inf, math.inf)


def test_an_empty_cell_is_an_error() -> None:
    with pytest.raises(ValueError, match="without any seed"):
        contrast([{}, {0: 1.0}], [1.0, 1.0])


def test_slope_weights_give_the_slope_of_a_line() -> None:
    x = [0.0, 1.0, 3.0]
    weights = slope_weights(x)
    assert sum(w * (7 - 2 * at) for w, at in zip(weights, x, strict=True)) == pytest.approx(-2.0)
    with pytest.raises(ValueError, match="two different"):
        slope_weights([1.0, 1.0])
