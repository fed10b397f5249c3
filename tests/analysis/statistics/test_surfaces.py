import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from analysis.statistics.surfaces import BUMP, Surface, inner_minima, rise

TICKS = np.linspace(-2, 2, 41)
B, A = np.meshgrid(TICKS, TICKS, indexing="ij")
BOWL = (A - 1) ** 2 + 2 * B**2
FALLING = np.array([1.0, 0.5, 0.0])


def strict_minima(values: NDArray[np.float64]) -> list[tuple[int, int]]:
    """Inner points below all eight neighbours."""
    height, width = values.shape
    return [
        (r, c)
        for r in range(1, height - 1)
        for c in range(1, width - 1)
        if (np.delete(values[r - 1 : r + 2, c - 1 : c + 2].ravel(), 4) > values[r, c]).all()
    ]


@given(st.integers(0, 10_000), st.integers(3, 9), st.integers(3, 9))
def test_minima_of_any_depth_are_those_below_all_neighbours(seed: int, height: int, width: int) -> None:
    values = np.random.default_rng(seed).permutation(height * width).reshape(height, width).astype(np.float64)
    assert inner_minima(values, 0.0) == strict_minima(values)


@given(st.integers(0, 10_000), st.floats(0, 30))
def test_deeper_minima_are_among_them(seed: int, depth: float) -> None:
    values = np.random.default_rng(seed).permutation(49).reshape(7, 7).astype(np.float64)
    assert set(inner_minima(values, depth)) <= set(inner_minima(values, 0.0))


def test_depth_is_the_climb_over_the_lowest_pass() -> None:
    """Minima 0, 2 and 1 in a row, with passes at 5 and 4 between them: walls are at 9."""
    values = np.full((3, 7), 9.0)
    values[1, 1:6] = [0, 5, 2, 4, 1]
    for depth, left in ((1.9, [1, 3, 5]), (2.0, [1, 5]), (3.9, [1, 5]), (4.0, [1]), (100.0, [1])):
        assert inner_minima(values, depth) == [(1, column) for column in left]


def test_a_minimum_on_the_border_is_none_but_others_end_in_it() -> None:
    values = np.full((3, 5), 9.0)
    values[1] = [0, 3, 2, 4, 9]
    assert inner_minima(values, 0.5) == [(1, 2)]
    assert inner_minima(values, 1.0) == []


def test_plateaus_are_one_minimum() -> None:
    values = np.full((4, 5), 9.0)
    values[1:3, 1:4] = 1.0
    assert len(inner_minima(values, 0.0)) == 1


def test_a_bowl_has_its_minimum_and_is_benign() -> None:
    surface = Surface(BOWL, FALLING)
    assert surface.minima == [(1.0, 0.0)]
    assert surface.falls
    assert surface.benign


def test_as_many_minima_as_a_product_of_cosines_has() -> None:
    """Cos(πa) cos(πb) is −1 at whole numbers with an odd sum: four are inside the square, others on its border."""
    waves = Surface(np.cos(np.pi * A) * np.cos(np.pi * B), FALLING)
    assert sorted(waves.minima) == [(-1, 0), (0, -1), (0, 1), (1, 0)]
    assert not waves.benign


@pytest.mark.parametrize("factor", [0.9, 1.1])
def test_bumps_are_judged_against_the_loss_at_z0(factor: float) -> None:
    """A dip into a bowl, as deep as the threshold or not; and a rise on the way."""
    dip, level = BOWL.copy(), 10.0
    dip[35, 10] = BOWL[34:37, 9:12].min() - factor * BUMP * level
    counts = Surface(dip, level * FALLING).minima
    assert ((-1.0, 1.5) in counts) == (factor > 1)
    path = level * np.array([1, 0.5, 0.5 + factor * BUMP, 0])
    assert Surface(BOWL, path).falls == (factor < 1)


@pytest.mark.parametrize(("path", "expected"), [([3, 2, 1], 0), ([3, 1, 2, 0, 1.5], 1.5), ([1, 1], 0), ([0, 2, 1], 2)])
def test_a_rise_is_from_the_lowest_point_before(path: list[float], expected: float) -> None:
    assert rise(np.array(path, np.float64)) == expected
