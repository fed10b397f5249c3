from collections.abc import Callable
from itertools import permutations, product
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from raysweep.data.images import DataSet
from raysweep.measures import MeasureContext, StudyContext, prepare, run_measure
from raysweep.measures.kernel_distance import squared_mmd
from raysweep.study import KernelDistance, Vae, WganGp
from raysweep.study.measures import Shard

CPU = torch.device("cpu")
Make = Callable[..., MeasureContext]
Matrix = NDArray[np.float64]


def vectors(count: int, length: int, seed: int, mean: float = 0.0) -> Matrix:
    return np.random.default_rng(seed).normal(mean, 1, (count, length))


def kernel(a: Matrix, b: Matrix) -> float:
    return float((a @ b / len(a) + 1) ** 3)


def test_it_is_the_sum_over_pairs() -> None:
    x, y = vectors(5, 3, 0), vectors(4, 3, 1)
    among_x = np.mean([kernel(a, b) for a, b in permutations(x, 2)])
    among_y = np.mean([kernel(a, b) for a, b in permutations(y, 2)])
    between = np.mean([kernel(a, b) for a, b in product(x, y)])
    assert squared_mmd(x, y) == pytest.approx(among_x + among_y - 2 * between, rel=1e-12)


def test_two_constants_are_at_the_distance_of_their_kernels() -> None:
    """k(0, 0) = 1, k(1, 1) = 8 and k(0, 1) = 1, so MMD² = 1 + 8 − 2."""
    assert squared_mmd(np.zeros((3, 7)), np.ones((5, 7))) == 7.0


def test_of_one_distribution_it_is_zero_on_average_and_not_below() -> None:
    """The estimate is unbiased, where the biased one would be above zero in every draw."""
    estimates = [squared_mmd(vectors(20, 4, seed), vectors(30, 4, 1000 + seed)) for seed in range(400)]
    error = np.std(estimates) / np.sqrt(len(estimates))
    assert abs(np.mean(estimates)) < 4 * error
    assert min(estimates) < 0 < max(estimates)


def test_of_shifted_distributions_its_mean_is_the_closed_form() -> None:
    """In one dimension, for a ~ N(0, 1) and b ~ N(m, 1), E (ab + 1)³ = E a³ E b³ + 3 E a² E b² + 3 E a E b + 1.

    With raw moments (m, m² + 1, m³ + 3m), MMD² = (m³ + 3m)² + 3 ((m² + 1)² − 2 (m² + 1) + 1) + 3 m².
    """
    m = 0.5
    expected = (m**3 + 3 * m) ** 2 + 3 * m**4 + 3 * m**2
    estimates = [squared_mmd(vectors(100, 1, seed), vectors(100, 1, 1000 + seed, mean=m)) for seed in range(400)]
    assert np.mean(estimates) == pytest.approx(expected, abs=4 * float(np.std(estimates)) / 20)


def measure(settings: KernelDistance, context: MeasureContext, shard: Shard) -> dict[str, Any]:
    (row,) = run_measure(settings, shard, context).to_pylist()
    return row


def test_a_subset_of_all_images_is_the_distance_of_all(make_context: Make, data: DataSet, halves: Any) -> None:
    """Perfect reconstructions of the reference itself: MMD² between a set and itself, which has a closed form."""
    settings = KernelDistance(samples=30, reference="validation", subsets=2, subset_size=30)
    real = prepare(settings, StudyContext(data, CPU, halves))
    row = measure(settings, make_context(Vae(latent_dim=16), 0, real), Shard("reconstructions", 0, 30))
    pixels = data.validation.pixels.reshape(30, 16) / 127.5 - 1
    assert row.pop("distance") == pytest.approx(squared_mmd(pixels, pixels), rel=1e-5)
    assert row.pop("deviation") == pytest.approx(0, abs=1e-9)
    assert abs(row.pop("floor")) < 1
    assert row.pop("floor_deviation") < 1
    assert row == {
        "measure": "kernel_distance",
        "trial": row["trial"],
        "part": "reconstructions",
        "features": "lenet",
        "reference": "validation",
        "samples": 30,
        "reference_images": 30,
        "subsets": 2,
        "subset_images": 30,
        "floor_images": 30,
    }


def test_the_floor_is_near_zero_and_black_images_are_far_above(
    make_context: Make, data: DataSet, halves: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both splits are drawn alike. Black images are at 8 among themselves, and at about 1 from such zero-mean ones."""
    settings = KernelDistance(samples=40, subsets=50, subset_size=20)
    context = make_context(WganGp(latent_dim=3), 0, prepare(settings, StudyContext(data, CPU, halves)))
    monkeypatch.setattr(context.learner, "generate", lambda z: torch.full((len(z), 1, 4, 4), -1.0))
    row = measure(settings, context, Shard("samples", 0, 40))
    assert abs(row["floor"]) < 3 * row["floor_deviation"]
    assert row["distance"] == pytest.approx(8 + 1 - 2 * 1, abs=0.5)


def test_subsets_are_limited_to_the_images_there_are(data: DataSet, halves: Any, make_context: Make) -> None:
    settings = KernelDistance(samples=35, reference_images=25)
    real = prepare(settings, StudyContext(data, CPU, halves))
    row = measure(settings, make_context(WganGp(latent_dim=3), 0, real), Shard("samples", 0, 35))
    assert (row["subset_images"], row["reference_images"], row["floor_images"]) == (25, 25, 30)
