import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.linalg
import torch
from numpy.typing import NDArray
from pytorch_fid.fid_score import calculate_frechet_distance

from raysweep.data.images import DataSet, to_bytes
from raysweep.errors import UserError
from raysweep.measures import MeasureContext, StudyContext, prepare, run_measure
from raysweep.measures.frechet import distance, moments, reference
from raysweep.measures.streams import normal, normal_each
from raysweep.study import FrechetDistance, Vae, WganGp
from raysweep.study.measures import Shard

CPU = torch.device("cpu")
Make = Callable[..., MeasureContext]
Matrix = NDArray[np.float64]


def gaussian(size: int, rank: int, seed: int) -> tuple[Matrix, Matrix]:
    stream = np.random.default_rng(seed)
    factor = stream.normal(size=(size, rank))
    return stream.normal(size=size), factor @ factor.T / rank


@pytest.mark.parametrize("rank", [20, 200])
def test_it_agrees_with_pytorch_fid(rank: int) -> None:
    if "disp" not in scipy.linalg.sqrtm.__code__.co_varnames:
        pytest.skip("this SciPy has dropped what pytorch-fid calls")
    first, second = gaussian(20, rank, seed=0), gaussian(20, rank, seed=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        expected = calculate_frechet_distance(*first, *second)
    assert distance(*first, reference(*second)) == pytest.approx(expected, rel=1e-9)
    assert distance(*second, reference(*first)) == pytest.approx(expected, rel=1e-9)


def test_with_equal_covariances_it_is_the_distance_of_the_means() -> None:
    (mean, covariance), (other_mean, _) = gaussian(8, 30, seed=0), gaussian(8, 30, seed=1)
    expected = np.square(mean - other_mean).sum()
    assert distance(mean, covariance, reference(other_mean, covariance)) == pytest.approx(expected)


def test_with_diagonal_covariances_deviations_are_compared() -> None:
    first, second, mean = np.array([4.0, 9.0, 1.0]), np.array([1.0, 0.0, 25.0]), np.zeros(3)
    expected = np.square(np.sqrt(first) - np.sqrt(second)).sum()
    assert distance(mean, np.diag(first), reference(mean, np.diag(second))) == pytest.approx(expected)


def test_singular_covariances_are_no_obstacle() -> None:
    """With fewer images than features, both are singular."""
    mean, covariance = gaussian(50, 5, seed=0)
    largest = np.linalg.eigvalsh(covariance)[-1]
    rounding = 45 * np.sqrt(np.finfo(float).eps) * largest  # of the roots of 45 eigenvalues that should be zero
    assert abs(distance(mean, covariance, reference(mean, covariance))) < rounding


@pytest.mark.parametrize("cuts", [[100], [1, 99], [64, 36], [33, 33, 34]])
def test_moments_do_not_depend_on_the_batches(cuts: list[int]) -> None:
    values = normal((100, 6), CPU, "values") * 3 + 1000
    mean, covariance = moments(torch.split(values, cuts))
    exact = values.double().numpy()
    assert mean == pytest.approx(exact.mean(axis=0), rel=1e-12)
    assert covariance == pytest.approx(np.cov(exact, rowvar=False), rel=1e-9)


def measure(settings: FrechetDistance, context: MeasureContext, shard: Shard) -> dict[str, Any]:
    (row,) = run_measure(settings, shard, context).to_pylist()
    return row


def test_samples_are_compared_with_the_real_images(make_context: Make, data: DataSet, halves: Any) -> None:
    settings = FrechetDistance(samples=150, reference="train")
    context = make_context(WganGp(latent_dim=3), 5, prepare(settings, StudyContext(data, CPU, halves)))
    row = measure(settings, context, Shard("samples", 0, 150))
    z = normal_each(range(150), (3,), CPU, 5, "quality")
    generated = to_bytes(context.learner.generate(z)).reshape(150, 16) / 127.5 - 1
    real = data.train.pixels.reshape(40, 16) / 127.5 - 1
    expected = distance(
        generated.mean(axis=0),
        np.cov(generated, rowvar=False),
        reference(real.mean(axis=0), np.cov(real, rowvar=False)),
    )
    assert row.pop("distance") == pytest.approx(expected, rel=1e-5)
    assert row.pop("floor") > 0
    assert row == {
        "measure": "frechet",
        "trial": context.trial.id,
        "part": "samples",
        "features": "lenet",
        "reference": "train",
        "samples": 150,
        "reference_images": 40,
        "floor_images": 30,
    }


def test_perfect_reconstructions_are_at_no_distance(make_context: Make, data: DataSet, halves: Any) -> None:
    settings = FrechetDistance(samples=30, reference="validation")
    real = prepare(settings, StudyContext(data, CPU, halves))
    perfect = make_context(Vae(latent_dim=16), 0, real)
    assert measure(settings, perfect, Shard("reconstructions", 0, 30))["distance"] == pytest.approx(0, abs=1e-6)
    poor = make_context(Vae(latent_dim=2), 0, real)
    assert measure(settings, poor, Shard("reconstructions", 0, 30))["distance"] > 1


def test_the_floor_is_the_distance_of_the_other_splits_images(make_context: Make, data: DataSet, halves: Any) -> None:
    """And so that of perfect reconstructions of them."""
    settings = FrechetDistance(samples=25, reference="train")
    row = measure(
        settings,
        make_context(Vae(latent_dim=16), 0, prepare(settings, StudyContext(data, CPU, halves))),
        Shard("reconstructions", 0, 25),
    )
    assert row["floor_images"] == 25
    assert row["distance"] == pytest.approx(row["floor"], rel=1e-5)


def test_images_equal_to_the_reference_are_at_a_floor_of_zero(data: DataSet, halves: Any) -> None:
    same = DataSet(data.facts, data.train, data.train)
    assert prepare(FrechetDistance(), StudyContext(same, CPU, halves))["floor"] == pytest.approx(0, abs=1e-6)


def test_a_reference_can_be_a_seeded_choice(data: DataSet, halves: Any) -> None:
    settings = FrechetDistance(reference_images=10)
    chosen, again = (prepare(settings, StudyContext(data, CPU, halves)) for _ in range(2))
    whole = prepare(FrechetDistance(), StudyContext(data, CPU, halves))
    assert int(chosen["count"]) == 10
    assert int(whole["count"]) == 40
    assert all(np.array_equal(chosen[name], again[name]) for name in chosen)
    assert all(value.dtype == np.float64 for value in chosen.values())
    assert distance(whole["mean"], whole["root"] @ whole["root"], chosen) > 0.1


def test_trials_of_different_seeds_draw_different_samples(make_context: Make, data: DataSet, halves: Any) -> None:
    settings = FrechetDistance(samples=20)
    real = prepare(settings, StudyContext(data, CPU, halves))
    contexts = [make_context(WganGp(latent_dim=16), seed, real) for seed in (0, 1)]
    contexts[1].learner.load_weights(contexts[0].learner.weights())
    values = [measure(settings, context, Shard("samples", 0, 20))["distance"] for context in contexts]
    assert values[0] != values[1]


def test_the_weights_must_exist(data: DataSet, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"nowhere\.pth: no such file"):
        prepare(FrechetDistance(features="inception"), StudyContext(data, CPU, None, tmp_path / "nowhere.pth"))
