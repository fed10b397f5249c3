from pathlib import Path

import numpy as np
import pytest
import torch

from raysweep.data import load_data
from raysweep.data.images import DataSet
from raysweep.study import Grid2d

SETTINGS = Grid2d(n=2, train=20_000, validation=500)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> DataSet:
    return load_data(SETTINGS, tmp_path_factory.mktemp("data"), tmp_path_factory.mktemp("cache"))


def test_facts_are_those_of_the_points(data: DataSet, tmp_path: Path) -> None:
    assert data.facts == SETTINGS.facts(tmp_path)
    assert data.facts.points
    assert data.facts.items == "points of 2 coordinates"
    assert data.train.pixels.shape == (20_000, 2, 1, 1)


def test_points_come_as_they_are(data: DataSet) -> None:
    batch, labels = data.train.batch(np.array([5, 3]), torch.device("cpu"))
    assert batch.dtype == torch.float32
    assert batch.numpy().tolist() == data.train.pixels[[5, 3]].tolist()
    assert labels is not None
    assert labels.tolist() == data.train.labels[[5, 3]].tolist()  # type: ignore[index]


def test_points_scatter_around_their_modes(data: DataSet) -> None:
    modes, labels = np.array(SETTINGS.modes), data.train.labels
    noise = data.train.pixels[:, :, 0, 0] - modes[labels]
    count = len(noise)
    # Each within 4.5 standard errors: of a mean, of a variance, of a share of 1/25.
    assert np.abs(noise.mean(axis=0)).max() < 4.5 * 0.05 / np.sqrt(count)
    assert np.abs(noise.var(axis=0) / 0.0025 - 1).max() < 4.5 * np.sqrt(2 / count)
    assert abs(np.corrcoef(noise.T)[0, 1]) < 4.5 / np.sqrt(count)
    shares = np.bincount(labels, minlength=25) / count
    assert np.abs(shares - 1 / 25).max() < 4.5 * np.sqrt(24 / 25**2 / count)


def test_splits_and_seeds_are_different_points(data: DataSet, tmp_path: Path) -> None:
    other = load_data(SETTINGS.model_copy(update={"seed": 1}), tmp_path, tmp_path)
    firsts = [images.pixels[:3].tobytes() for images in (data.train, data.validation, other.train)]
    assert len(set(firsts)) == 3


def test_the_same_settings_draw_the_same_points(data: DataSet, tmp_path: Path) -> None:
    assert np.array_equal(load_data(SETTINGS, tmp_path, tmp_path).train.pixels, data.train.pixels)
