from pathlib import Path

import numpy as np
import pytest
import torchvision
from numpy.typing import NDArray
from PIL import Image
from torchvision.transforms import CenterCrop, Compose, InterpolationMode, Resize

from raysweep.data import load_data
from raysweep.data.celeba import read_faces
from raysweep.errors import UserError
from raysweep.study.architecture import ImageShape
from raysweep.study.data import CelebA, DataFacts


def write_faces(folder: Path, count: int) -> None:
    folder.mkdir(parents=True)
    random = np.random.default_rng(0)
    for k in range(count):
        face = random.integers(0, 256, (218, 178, 3), dtype=np.uint8)
        Image.fromarray(face).save(folder / f"{k + 1:06d}.jpg")


def as_torchvision_does(file: Path, size: int) -> NDArray[np.uint8]:
    change = Compose([CenterCrop(178), Resize(size, InterpolationMode.BILINEAR, antialias=True)])
    with Image.open(file) as image:
        return np.asarray(change(image)).transpose(2, 0, 1)


@pytest.fixture
def ten_faces(monkeypatch: pytest.MonkeyPatch) -> None:
    """CelebA as if it had 10 faces; the real one has 202,599."""
    monkeypatch.setattr(CelebA, "full_facts", lambda self, root: DataFacts(ImageShape(3, self.size), 8, 2, None))


@pytest.mark.usefixtures("ten_faces")
@pytest.mark.parametrize("layout", ["celeba/img_align_celeba", "img_align_celeba"])
def test_every_face_is_cropped_resized_and_in_one_split(tmp_path: Path, layout: str) -> None:
    write_faces(tmp_path / layout, 10)
    data = load_data(CelebA(), tmp_path, tmp_path / "cache")
    assert data.train.labels is None
    assert (data.train.pixels.shape, len(data.validation)) == ((8, 3, 64, 64), 2)
    found = sorted(image.tobytes() for image in (*data.train.pixels, *data.validation.pixels))
    expected = sorted(as_torchvision_does(file, 64).tobytes() for file in (tmp_path / layout).iterdir())
    assert found == expected


@pytest.mark.usefixtures("ten_faces")
def test_seed_and_size_are_settings(tmp_path: Path) -> None:
    write_faces(tmp_path / "faces", 10)
    held_out = set()
    for seed in range(5):
        pieces = list(read_faces(tmp_path / "faces", CelebA(size=32, split_seed=seed), tmp_path)["validation"].pieces)
        assert pieces[0].shape == (2, 3, 32, 32)
        held_out.add(frozenset(image.tobytes() for image in pieces[0]))
    assert len(held_out) > 1


def test_missing_faces_are_counted(tmp_path: Path) -> None:
    write_faces(tmp_path / "img_align_celeba", 3)
    with pytest.raises(UserError, match=r"3 images in .*img_align_celeba, where 202,599 are expected"):
        load_data(CelebA(), tmp_path, tmp_path / "cache")


def test_a_failed_download_says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def refuse(root: Path, download: bool) -> None:
        raise RuntimeError("'gdown' is required")

    monkeypatch.setattr(torchvision.datasets, "CelebA", refuse)
    with pytest.raises(UserError, match=r"CelebA: .*gdown.*--data DIR.*DIR/celeba/img_align_celeba/000001\.jpg"):
        load_data(CelebA(), tmp_path, tmp_path / "cache")


@pytest.mark.usefixtures("ten_faces")
def test_a_download_is_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def download(root: Path, download: bool) -> None:
        write_faces(root / "celeba" / "img_align_celeba", 10)

    monkeypatch.setattr(torchvision.datasets, "CelebA", download)
    assert len(load_data(CelebA(), tmp_path, tmp_path / "cache").train) == 8
