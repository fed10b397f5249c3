"""The time that is left, in replays of runs that were recorded."""

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.remaining_time import error, estimates, rates, read_recording, replay

RECORDINGS = Path(__file__).parents[2] / "benchmarks" / "recordings"
QUIET = "cpu"
"""The processor times of a run are the wall times of a quiet machine."""


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize(
    ("name", "times"),
    [("digits", QUIET), ("digits_busy", QUIET), ("digits_busy", "wall"), ("lcvae_readings_reduced", QUIET)],
)
def test_from_a_third_of_the_time_on_it_is_right_within_a_factor_of_one_and_a_half(
    name: str, times: str, workers: int
) -> None:
    make, seconds = read_recording(RECORDINGS / name, times)
    told = replay(make(), seconds, workers)
    found = error(list(estimates(make(), told, {})), told[-1].now)
    assert found.seconds > 100
    assert found.worst <= 1.5
    assert found.within == 1.0


@pytest.mark.slow
def test_a_later_run_is_right_from_the_first_pieces_on() -> None:
    make, seconds = read_recording(RECORDINGS / "digits", QUIET)
    told = replay(make(), seconds, workers=2)
    said = list(estimates(make(), told, rates(make(), told)))
    end = told[-1].now
    factors = [max(left / (end - now), (end - now) / left) for now, left in said if 20 <= now <= end - 20]
    assert max(factors) <= 1.5


@pytest.mark.slow
@settings(max_examples=10)
@given(
    seed=st.integers(0, 2**32 - 1),
    loads=st.tuples(st.floats(0.85, 1.15), st.floats(0.85, 1.15)),
    changes=st.floats(0.1, 0.9),
    workers=st.integers(1, 4),
)
def test_noise_and_load_that_changes_harm_little(
    seed: int, loads: tuple[float, float], changes: float, workers: int
) -> None:
    """Each piece takes 20 % more or less than recorded, and all take some more or less from some time on."""
    make, seconds = read_recording(RECORDINGS / "lcvae_readings_reduced", QUIET)
    noise = np.exp(np.random.default_rng(seed).normal(0, 0.2, len(seconds)))
    noisy = {name: each * factor for (name, each), factor in zip(seconds.items(), noise.tolist(), strict=True)}
    change = changes * sum(noisy.values()) / workers
    told = replay(make(), noisy, workers, lambda now: loads[now > change])
    assert error(list(estimates(make(), told, {})), told[-1].now).worst <= 1.5 * max(loads) / min(loads)


def test_everything_is_done_once_and_in_time() -> None:
    make, seconds = read_recording(RECORDINGS / "digits")
    for workers in (1, 3):
        agenda = make()
        told = replay(agenda, seconds, workers)
        ended = [each.name for each in told if each.share == 1.0]
        assert sorted(ended) == sorted(agenda.pieces)
        assert told == sorted(told, key=lambda each: each.now)
        assert told[-1].now == pytest.approx(sum(seconds.values()) / workers, rel=0.05)


def test_errors() -> None:
    assert error([(0.0, 1.0), (40.0, 90.0), (50.0, 50.0), (91.0, 1.0)], 100.0).worst == 1.5
    assert error([(40.0, 60.0), (60.0, 80.0)], 100.0).within == 0.5
    assert error([(40.0, math.inf)], 100.0).worst == math.inf
    assert error([], 100.0).worst == 1.0
