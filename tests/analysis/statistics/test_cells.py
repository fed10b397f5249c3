import pytest

from analysis.statistics.cells import inner_share


def test_a_share_is_moved_inwards_by_half_a_count() -> None:
    assert inner_share(0.0, 9) == pytest.approx(0.05)
    assert inner_share(1.0, 9) == pytest.approx(0.95)
    assert inner_share(0.5, 1_000) == pytest.approx(0.5)
