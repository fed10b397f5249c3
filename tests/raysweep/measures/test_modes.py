import math

import pytest
import torch
from torch import Tensor

from raysweep.measures.modes import reverse_kl
from raysweep.study import (
    Modes,
)
from support.point_models import GRID, Make, measured


def mixture(z: Tensor) -> Tensor:
    """The true mixture: the modes in turn, with z as the noise."""
    return torch.tensor(GRID.modes).repeat(math.ceil(len(z) / 25), 1)[: len(z)] + 0.05 * z


def test_the_true_mixture_captures_every_mode(make_of_points: Make) -> None:
    [row] = measured(Modes(samples=25_000, keep=3), make_of_points(generate=mixture))
    assert row["captured"] == row["modes"] == 25
    # The norm of a plane's Gaussian is Rayleigh distributed: P(≤ 3) = 1 − exp(−9/2).
    share = 1 - math.exp(-4.5)
    assert row["high_quality"] == pytest.approx(share, abs=4.5 * math.sqrt(share * (1 - share) / 25_000))
    assert row["nearest"] == [1000] * 25
    assert row["reverse_kl"] == pytest.approx(0, abs=1e-12)
    assert len(row["points"]) == 6  # type: ignore[arg-type]
    assert row["points"][4:] == pytest.approx(GRID.modes[2], abs=0.05 * 6)  # type: ignore[index]


def test_a_collapsed_generator_captures_one_mode(make_of_points: Make) -> None:
    [row] = measured(Modes(), make_of_points(generate=lambda z: torch.tensor([2.0, -4.0]) + 0.05 * z))
    assert row["captured"] == 1
    assert row["nearest"] == [2500 * (mode == (2.0, -4.0)) for mode in GRID.modes]
    assert row["reverse_kl"] == pytest.approx(math.log(25))


def test_uniform_points_capture_modes_by_chance_alone(make_of_points: Make) -> None:
    """On [-5, 5]² a share of π 0.15² / 4 of the points is near a mode."""
    [row] = measured(Modes(samples=25_000), make_of_points(generate=lambda z: 10 * torch.special.ndtr(z) - 5))
    share = math.pi * 0.15**2 / 4
    assert row["high_quality"] == pytest.approx(share, abs=4.5 * math.sqrt(share / 25_000))
    assert row["captured"] == 25  # each with 17.7 of 25,000 in the mean
    assert row["reverse_kl"] < 0.01  # type: ignore[operator]


def test_a_point_between_the_modes_captures_none(make_of_points: Make) -> None:
    [row] = measured(Modes(), make_of_points(generate=lambda z: torch.tensor([0.2, 0.0]) + 0 * z))
    assert (row["captured"], row["high_quality"]) == (0, 0)
    [row] = measured(Modes(deviations=4.1), make_of_points(generate=lambda z: torch.tensor([0.2, 0.0]) + 0 * z))
    assert (row["captured"], row["high_quality"]) == (1, 1)


@pytest.mark.parametrize(
    ("counts", "divergence"), [([3, 1, 0, 0], 0.75 * math.log(3)), ([1, 1, 0, 0], math.log(2)), ([2, 2, 2, 2], 0)]
)
def test_the_reverse_divergence(counts: list[int], divergence: float) -> None:
    assert reverse_kl(torch.tensor(counts)) == pytest.approx(divergence, abs=1e-12)
