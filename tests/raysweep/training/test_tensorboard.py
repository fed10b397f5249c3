import io
import resource
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from raysweep.data import load_data
from raysweep.data.images import to_bytes
from raysweep.models import build_learner
from raysweep.results.files import Mirror
from raysweep.study import Autoencoder, Digits
from raysweep.training import tensorboard
from raysweep.training.tensorboard import COLUMNS, PICTURES, TrialBoard, grid


def test_storage_that_fails_costs_scalars_but_no_training(tmp_path: Path) -> None:
    folder, data = tmp_path / "board", load_data(Digits(), tmp_path)
    learner = build_learner(Autoencoder(width=2, latent_dim=2), data.facts, 0, torch.device("cpu"))
    folder.write_text("in the way")
    board = TrialBoard(Mirror(folder), learner, data, step=0)
    board.scalars("train", {"mse": 1.0}, step=1)
    board.copy()
    folder.unlink()
    board.scalars("train", {"mse": 0.5}, step=2)
    board.close()
    scalars = EventAccumulator(str(folder)).Reload().Scalars("mse/train")
    assert [(scalar.step, scalar.value) for scalar in scalars] == [(2, 0.5)]


def test_a_full_disk_is_not_spoken_of(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """PyTorch's own writer prints a traceback from a thread."""
    data = load_data(Digits(), tmp_path)
    learner = build_learner(Autoencoder(width=2, latent_dim=2), data.facts, 0, torch.device("cpu"))
    board = TrialBoard(Mirror(tmp_path), learner, data, step=0)
    board.scalars("train", {"mse": 1.0}, step=1)
    board.copy()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))
    try:
        board.pictures(step=2)
        board.copy()
        board.close()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert capfd.readouterr() == ("", "")
    board.scalars("train", {"mse": 0.5}, step=3)
    board.close()
    files = sorted(tmp_path.glob("events*"), key=lambda path: path.stat().st_mtime)
    assert [EventAccumulator(str(path)).Reload().Scalars("mse/train")[-1].step for path in (files[0], files[-1])] == [
        1,
        3,
    ]


def test_pictures_are_those_of_the_learner(tmp_path: Path) -> None:
    data = load_data(Digits(), tmp_path)
    learner = build_learner(Autoencoder(width=2, latent_dim=2), data.facts, 0, torch.device("cpu"))
    board = TrialBoard(Mirror(tmp_path), learner, data, step=0)
    board.pictures(step=2)
    board.close()
    (shown,) = EventAccumulator(str(tmp_path)).Reload().Images("reconstructions")
    originals = data.validation.batch(np.arange(PICTURES), learner.device)[0]
    again = learner.generate(learner.encode(originals))
    expected = grid(to_bytes(torch.stack([originals, again], dim=1).flatten(0, 1)))
    assert shown.step == 2
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(shown.encoded_image_string))), expected[0])


def test_a_continued_trial_shows_every_step_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the machine that continues it has a clock that is behind, and what was logged at its checkpoint."""
    data = load_data(Digits(), tmp_path)
    learner = build_learner(Autoencoder(width=2, latent_dim=2), data.facts, 0, torch.device("cpu"))
    monkeypatch.setattr(tensorboard, "time", lambda: 2_000_000_000.0)
    before = TrialBoard(Mirror(tmp_path / "board"), learner, data, step=0)
    for step in range(1, 6):
        before.scalars("train", {"mse": 1.0}, step)
    before.close()
    monkeypatch.setattr(tensorboard, "time", lambda: 1_000_000_000.0)
    after = TrialBoard(Mirror(tmp_path / "board"), learner, data, step=3)
    for step in range(4, 7):
        after.scalars("train", {"mse": 2.0}, step)
    after.close()
    seen = EventAccumulator(str(tmp_path / "board")).Reload().Scalars("mse/train")
    assert [(each.step, each.value) for each in seen] == [(1, 1), (2, 1), (3, 1), (4, 2), (5, 2), (6, 2)]


@pytest.mark.parametrize(("count", "channels", "size", "factor"), [(32, 1, 28, 1), (10, 3, 8, 4), (1, 1, 13, 3)])
def test_a_grid_holds_every_image_enlarged_in_its_place(count: int, channels: int, size: int, factor: int) -> None:
    images = np.random.default_rng(0).integers(1, 256, (count, channels, size, size)).astype(np.uint8)
    picture = grid(images)
    cell = size * factor + 2
    rows = -(-count // COLUMNS)
    assert picture.shape == (channels, rows * cell, COLUMNS * cell)
    for index, image in enumerate(images):
        top, left = (index // COLUMNS) * cell + 1, (index % COLUMNS) * cell + 1
        inside = picture[:, top : top + cell - 2, left : left + cell - 2]
        np.testing.assert_array_equal(inside[:, ::factor, ::factor], image)
        np.testing.assert_array_equal(inside[:, factor - 1 :: factor, factor - 1 :: factor], image)
