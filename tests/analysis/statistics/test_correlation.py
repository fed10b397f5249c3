import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.statistics.correlation import bootstrap_interval, rank_correlation

NUMBERS = st.lists(st.tuples(st.integers(-5, 5), st.integers(-5, 5)), min_size=3, max_size=20)


def columns(pairs: list[tuple[float, float]]) -> tuple[np.ndarray, np.ndarray]:
    x, y = np.array(pairs, dtype=float).T
    return x, y


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        ([(1, 10), (2, 20), (3, 90)], 1),
        ([(1, 9), (2, 8), (3, -90), (4, -91)], -1),
        ([(1, math.inf), (2, 8), (3, 2)], -1),
        ([(1, 2), (2, 1), (3, 3)], 0.5),  # 1 − 6 (1 + 1 + 0) / (3 · 8)
        ([(1, 1), (1, 2), (2, 3)], math.sqrt(3) / 2),  # ranks 1.5, 1.5, 3 and 1, 2, 3
    ],
)
def test_ranks_correlate(pairs: list[tuple[float, float]], expected: float) -> None:
    assert rank_correlation(*columns(pairs)) == pytest.approx(expected)


def test_constants_have_no_correlation() -> None:
    assert math.isnan(rank_correlation(*columns([(1, 2), (1, 3), (1, 4)])))
    assert all(math.isnan(end) for end in bootstrap_interval(*columns([(1, 2), (1, 3), (1, 4)])))


@settings(deadline=None)  # a busy machine takes longer
@given(NUMBERS)
def test_only_the_order_counts(pairs: list[tuple[int, int]]) -> None:
    x, y = columns(pairs)
    value = rank_correlation(x, y)
    np.testing.assert_allclose(rank_correlation(np.exp(x), y**3), value)
    np.testing.assert_allclose(rank_correlation(x, -y), -value)
    np.testing.assert_allclose(rank_correlation(y, x), value)


def test_the_interval_has_the_spread_of_the_correlation() -> None:
    """Of independent numbers ρ has the standard deviation 1 / √(n − 1)."""
    stream = np.random.default_rng(1)
    low, high = bootstrap_interval(stream.standard_normal(200), stream.standard_normal(200))
    assert low < 0 < high
    assert high - low == pytest.approx(2 * 1.96 / math.sqrt(199), rel=0.15)
    assert bootstrap_interval(*columns([(1, 1), (2, 2), (3, 3), (4, 4)])) == (1, 1)
