import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from scipy.stats import mannwhitneyu
from torch import Tensor

from raysweep.data.images import DataSet
from raysweep.measures import MeasureContext, StudyContext, prepare, run_measure
from raysweep.measures.memorisation import compare
from raysweep.measures.quality import held_out_images
from raysweep.study import Memorisation, Vae, WganGp
from raysweep.study.measures import Shard

CPU = torch.device("cpu")
Make = Callable[..., MeasureContext]
SETTINGS = Memorisation(samples=30, quantile=0.1)


@pytest.fixture
def measure(
    make_context: Make, data: DataSet, halves: Any, monkeypatch: pytest.MonkeyPatch
) -> Callable[[Callable[[Tensor], Tensor]], dict[str, dict[str, Any]]]:
    """The rows of a generator, by space."""

    def measure(generate: Callable[[Tensor], Tensor]) -> dict[str, dict[str, Any]]:
        context = make_context(WganGp(latent_dim=3), 0, prepare(SETTINGS, StudyContext(data, CPU, halves)))
        monkeypatch.setattr(context.learner, "generate", generate)
        return {row["space"]: row for row in run_measure(SETTINGS, Shard("samples", 0, 30), context).to_pylist()}

    return measure


SPACES = pytest.mark.parametrize("space", ["pixels", "lenet"])


@SPACES
def test_training_images_are_copies(measure: Any, data: DataSet, space: str) -> None:
    row = measure(lambda z: data.train.batch(np.arange(len(z)) % 40, CPU)[0])[space]
    assert row["median_distance"] == 0
    assert row["near_share"] == 1
    assert row["nearer_probability"] == 1
    assert row["z_score"] == pytest.approx(-30 * 30 / 2 / math.sqrt(30 * 30 * 61 / 12))
    assert [row[name] for name in ("samples", "held_out_images", "training_images")] == [30, 30, 40]


@SPACES
def test_held_out_images_are_as_far_as_held_out_images(measure: Any, data: DataSet, space: str) -> None:
    """The generator returns the very images that are held out, in another order."""
    row = measure(lambda z: data.validation.batch(np.arange(30)[::-1][: len(z)].copy(), CPU)[0])[space]
    assert row["median_distance"] == pytest.approx(row["held_out_median_distance"], rel=1e-12)
    assert row["near_share"] == pytest.approx(0.1, abs=1 / 30)
    assert row["nearer_probability"] == 0.5
    assert row["z_score"] == 0


@SPACES
def test_noise_is_farther_than_held_out_images(measure: Any, space: str) -> None:
    """Black and white pixels, where those of the data are uniform: their variance is 1 in place of ⅓."""
    noise = torch.where(torch.rand(30, 1, 4, 4, generator=torch.Generator().manual_seed(0)) < 0.5, -1.0, 1.0)
    row = measure(lambda z: noise[: len(z)])[space]
    assert row["near_share"] == 0
    assert row["nearer_probability"] < 0.1
    assert row["z_score"] > 4


def test_one_copied_image_among_many_new_ones_is_found(measure: Any, data: DataSet) -> None:
    new = data.validation.batch(held_out_images(data, "validation", 30), CPU)[0]
    base = measure(lambda z: new[: len(z)])["pixels"]["near_share"]
    copied = new.clone()
    farthest = int(
        torch.cdist(new.flatten(1), data.train.batch(np.arange(40), CPU)[0].flatten(1)).min(1).values.argmax()
    )
    copied[farthest] = data.train.batch(np.arange(1), CPU)[0][0]
    assert measure(lambda z: copied[: len(z)])["pixels"]["near_share"] == pytest.approx(base + 1 / 30)


def test_distances_in_pixels_are_those_between_minus_one_and_one(measure: Any, data: DataSet) -> None:
    new = data.validation.batch(np.arange(30), CPU)[0]
    distances = torch.cdist(new.flatten(1).double(), data.train.batch(np.arange(40), CPU)[0].flatten(1).double())
    expected = float(np.median(distances.min(dim=1).values.numpy()))
    assert measure(lambda z: new[: len(z)])["pixels"]["median_distance"] == pytest.approx(expected, rel=1e-6)


def test_reconstructions_are_measured_where_there_is_an_encoder(make_context: Make, data: DataSet, halves: Any) -> None:
    """Perfect ones are the held-out images themselves."""
    context = make_context(Vae(latent_dim=16), 0, prepare(SETTINGS, StudyContext(data, CPU, halves)))
    rows = run_measure(SETTINGS, Shard("reconstructions", 0, 30), context).to_pylist()
    assert [row["nearer_probability"] for row in rows] == pytest.approx([0.5, 0.5], abs=0.01)


def test_the_z_score_is_mann_and_whitneys() -> None:
    stream = np.random.default_rng(0)
    distances, held_out = stream.gamma(4, size=70), stream.gamma(5, size=90)
    found = compare(distances, held_out, 0.05)
    expected = mannwhitneyu(distances, held_out, method="asymptotic", use_continuity=False, alternative="less")
    assert found["nearer_probability"] == pytest.approx(1 - expected.statistic / (70 * 90), rel=1e-12)
    assert math.erfc(-found["z_score"] / math.sqrt(2)) / 2 == pytest.approx(expected.pvalue, rel=1e-9)


def test_the_z_score_is_standard_normal_where_nothing_is_memorised() -> None:
    stream = np.random.default_rng(0)
    scores = [compare(stream.gamma(4, size=50), stream.gamma(4, size=60), 0.05)["z_score"] for _ in range(1000)]
    assert np.mean(scores) == pytest.approx(0, abs=4 / math.sqrt(1000))
    assert np.std(scores) == pytest.approx(1, abs=4 / math.sqrt(2000))
