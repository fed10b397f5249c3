import numpy as np
import pytest

from analysis.statistics.point_models import captured_by_chance, effective_classes
from raysweep.study import (
    Modes,
)


@pytest.mark.parametrize(("counts", "effective"), [([5, 0, 0], 1), ([2, 2, 2], 3), ([3, 1], 1.6)])
def test_the_effective_number_of_classes(counts: list[float], effective: float) -> None:
    assert effective_classes(counts) == pytest.approx(effective)


def test_evenly_spread_points_capture_modes_by_chance() -> None:
    """25 cells of 2 × 2 around the modes, and a disc of radius 0.15 in each."""
    stream = np.random.default_rng(0)
    captured = []
    for _ in range(400):
        points = stream.uniform(-5, 5, (500, 2))
        modes = 2 * np.round(points / 2)
        near = np.linalg.norm(points - modes, axis=1) < 0.15
        captured.append(len(np.unique(modes[near], axis=0)))
    expected = captured_by_chance(Modes(samples=500), 25)
    assert np.mean(captured) == pytest.approx(expected, abs=4.5 * np.std(captured) / 20)
