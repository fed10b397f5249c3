from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from raysweep.data import find_data
from raysweep.study import Digits
from raysweep.study.data import Cifar10, ImageFolder


@pytest.fixture(autouse=True)
def _empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAYSWEEP_CACHE", str(tmp_path / "cache"))


def test_data_are_found_without_reading_them(tmp_path: Path) -> None:
    assert find_data(Digits(), tmp_path).found
    missing = find_data(Cifar10(), tmp_path)
    assert not missing.found
    assert missing.fetched
    (tmp_path / "cifar-10-batches-py").mkdir()
    (tmp_path / "cifar-10-batches-py" / "data_batch_1").touch()
    assert find_data(Cifar10(), tmp_path).words == f"in {tmp_path}"


def test_a_folder_of_images_is_found_or_named(tmp_path: Path) -> None:
    faces = ImageFolder(path="faces", size=8)
    missing = find_data(faces, tmp_path)
    assert not missing.fetched
    assert missing.words.startswith(f"image folder {tmp_path / 'faces'}: not found")
    (tmp_path / "faces").mkdir()
    for name in "ab":
        Image.fromarray(np.zeros((8, 8, 3), dtype=np.uint8)).save(tmp_path / "faces" / f"{name}.png")
    assert find_data(faces, tmp_path).found
