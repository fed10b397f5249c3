import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from scipy.stats import chi2
from torch import Tensor

from raysweep.data.images import DataSet
from raysweep.measures import MeasureContext, StudyContext, prepare, run_measure
from raysweep.measures.birthday_test import birthday_test, half_batch, nearest_pair, support_size
from raysweep.measures.neighbours import near_pairs
from raysweep.measures.quality import held_out_images
from raysweep.study import BirthdayTest, WganGp
from raysweep.study.measures import Shard

CPU = torch.device("cpu")


def draws(shares: np.ndarray, samples: int, seed: int) -> Tensor:
    """Samples of a generator that makes one point for each of these shares."""
    chosen = np.random.default_rng(seed).choice(len(shares), size=samples, p=shares)
    points = torch.randn(len(shares), 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    return points[torch.from_numpy(chosen)]


def coverage(shares: np.ndarray, repetitions: int = 200, samples: int = 400) -> float:
    """How often the interval holds 1 / Σ pᵢ²."""
    found = [support_size(near_pairs(draws(shares, samples, i), 1e-9)[0].numpy()) for i in range(repetitions)]
    return float(np.mean([each.low <= 1 / np.sum(shares**2) <= each.high for each in found]))


@pytest.mark.parametrize("outputs", [10, 1_000, 30_000])
def test_equally_likely_outputs_are_counted(outputs: int) -> None:
    shares = np.full(outputs, 1 / outputs)
    found = birthday_test(draws(shares, 1_500, seed=1), 1e-9)
    assert found["support_low"] <= outputs <= found["support_high"]
    assert found["support"] == pytest.approx(outputs, rel=0.5)
    assert coverage(shares, repetitions=100) >= 0.9


@pytest.mark.slow
def test_unequal_outputs_have_the_support_of_equal_ones_that_collide_as_often() -> None:
    """One output in ten samples, the others at most once: duplicates come in one cluster."""
    shares = np.append(np.full(10_000, 0.9 / 10_000), 0.1)
    assert coverage(shares) >= 0.9
    poisson = [0.1**2 * 400 * 399 / 2 * (1 + sign * 1.96 / math.sqrt(0.1**2 * 400 * 399 / 2)) for sign in (-1, 1)]
    counts = [int(near_pairs(draws(shares, 400, i), 1e-9)[0].sum()) // 2 for i in range(200)]
    assert np.mean([poisson[0] <= count <= poisson[1] for count in counts]) < 0.8


def test_a_single_output_has_support_one_and_no_spread() -> None:
    found = birthday_test(torch.ones(50, 3), 0.0)
    assert found["duplicates"] == 50 * 49 / 2
    assert found["support"] == found["support_low"] == 1
    assert found["support_high"] == pytest.approx(1, abs=0.1)
    assert found["batch"] == 2


def test_distinct_outputs_have_no_upper_end() -> None:
    """None of n pairs is a duplicate: at 97.5 % fewer than −ln 0.025 = 3.69 were expected."""
    found = birthday_test(torch.randn(200, 3, generator=torch.Generator().manual_seed(0)), 1e-9)
    assert found["duplicates"] == 0
    assert found["support"] == found["support_high"] == found["batch"] == math.inf
    assert found["support_low"] == pytest.approx(200 * 199 / 2 / -math.log(0.025))


def test_pairs_without_a_common_sample_have_garwoods_interval() -> None:
    found = support_size(np.array([1] * 14 + [0] * 986))
    pairs = 1000 * 999 / 2
    assert found.value == pairs / 7
    assert pairs / found.high == pytest.approx(chi2.ppf(0.025, 14) / 2)
    assert pairs / found.low == pytest.approx(chi2.ppf(0.975, 16) / 2)


def test_half_of_the_batches_have_a_duplicate_at_the_birthday_number() -> None:
    """Among 23 people of 365 birthdays two share one with probability 0.507."""
    last_seen: dict[int, int] = {}
    latest = []
    for place, birthday in enumerate(np.random.default_rng(1).integers(365, size=300_000).tolist()):
        latest.append(last_seen.get(birthday, -1))
        last_seen[birthday] = place
    assert half_batch(np.array(latest)) == 23


def test_the_threshold_is_that_of_a_share_of_the_pairs() -> None:
    points = torch.randn(60, 4, generator=torch.Generator().manual_seed(0))
    threshold = nearest_pair(points, 0.01)
    assert birthday_test(points, threshold)["duplicates"] == round(0.01 * 60 * 59 / 2)


@pytest.fixture
def measure(
    make_context: Callable[..., MeasureContext], data: DataSet, halves: Any, monkeypatch: pytest.MonkeyPatch
) -> Callable[[Callable[[Tensor], Tensor]], dict[str, Any]]:
    """The row of a generator."""
    settings = BirthdayTest(samples=15, rate=0.1)

    def measure(generate: Callable[[Tensor], Tensor]) -> dict[str, Any]:
        context = make_context(WganGp(latent_dim=3), 0, prepare(settings, StudyContext(data, CPU, halves)))
        monkeypatch.setattr(context.learner, "generate", generate)
        (row,) = run_measure(settings, Shard("samples", 0, 15), context).to_pylist()
        return dict(row)

    return measure


def test_a_collapsed_generator_stands_beside_held_out_images(measure: Any) -> None:
    row = measure(lambda z: torch.zeros(len(z), 1, 4, 4))
    assert row["support"] == 1
    assert row["duplicates"] == 105
    assert row["calibration_images"] == row["control_images"] == 15
    assert row["control_support"] > 3


def test_the_control_is_none_of_the_calibration(measure: Any, data: DataSet, halves: Any) -> None:
    """The validation images themselves, each half of them at the other's threshold."""
    chosen = held_out_images(data, "validation", 30)
    images = data.validation.batch(chosen, CPU)[0]
    calibration, control = (measure(lambda z, half=half: half.repeat(5, 1, 1, 1)) for half in images.split(15))
    assert calibration["duplicates"] == round(0.1 * 105)
    assert control["duplicates"] == control["control_duplicates"]
    assert control["support_low"] == control["control_support_low"]
