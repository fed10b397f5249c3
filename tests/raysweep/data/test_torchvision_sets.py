import struct
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torchvision

from raysweep.data import load_data
from raysweep.errors import UserError
from raysweep.study.architecture import ImageShape
from raysweep.study.data import Cifar10, DataFacts, DataSettings, FashionMnist, Mnist

PARTS = (("train", 20), ("t10k", 10))


def write_idx(raw: Path) -> None:
    """20 training and 10 test images in MNIST's format: image k is filled with k, its label is k mod 10."""
    raw.mkdir(parents=True, exist_ok=True)
    for part, count in PARTS:
        values = np.arange(count, dtype=np.uint8)
        header = struct.pack(">IIII", 0x803, count, 28, 28)
        (raw / f"{part}-images-idx3-ubyte").write_bytes(header + values.repeat(28 * 28).tobytes())
        (raw / f"{part}-labels-idx1-ubyte").write_bytes(struct.pack(">II", 0x801, count) + (values % 10).tobytes())


def expect(monkeypatch: pytest.MonkeyPatch, settings: type[DataSettings], facts: DataFacts) -> None:
    monkeypatch.setattr(settings, "full_facts", lambda self, root: facts)


def small(monkeypatch: pytest.MonkeyPatch, settings: type[DataSettings]) -> None:
    expect(monkeypatch, settings, DataFacts(ImageShape(1, 28), 20, 10, 10))


def contents(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*"))


def test_files_that_are_there_are_read_and_nothing_is_written(monkeypatch, tmp_path: Path) -> None:
    small(monkeypatch, Mnist)
    root = tmp_path / "data"
    write_idx(root / "MNIST" / "raw")
    before = contents(root)
    data = load_data(Mnist(), root, tmp_path / "cache")
    assert contents(root) == before
    for images, (_, count) in zip((data.train, data.validation), PARTS, strict=True):
        assert np.array_equal(images.pixels, np.arange(count, dtype=np.uint8).repeat(784).reshape(count, 1, 28, 28))
        assert np.array_equal(images.labels, np.arange(count) % 10)


def test_other_files_under_the_same_path_are_read_again(monkeypatch, tmp_path: Path) -> None:
    small(monkeypatch, Mnist)
    write_idx(tmp_path / "MNIST" / "raw")
    load_data(Mnist(), tmp_path, tmp_path / "cache")
    images = tmp_path / "MNIST" / "raw" / "train-images-idx3-ubyte"
    content = images.read_bytes()
    images.write_bytes(content[:-1] + b"\xff")
    assert load_data(Mnist(), tmp_path, tmp_path / "cache").train.pixels[-1, 0, -1, -1] == 255


def test_missing_files_are_downloaded_once_and_silently(monkeypatch, tmp_path: Path, capfd) -> None:
    small(monkeypatch, FashionMnist)
    asked = []

    def download(url: str, download_root: str, filename: str, md5: str) -> None:
        print("100 %")
        print("100 %", file=sys.stderr)
        asked.append(filename)
        write_idx(Path(download_root))

    monkeypatch.setattr(torchvision.datasets.mnist, "download_and_extract_archive", download)
    for cache in ("one", "two"):
        data = load_data(FashionMnist(), tmp_path / "data", tmp_path / cache)
    assert len(asked) == 4
    assert data.facts.train == 20
    assert (tmp_path / "data" / "FashionMNIST" / "raw").is_dir()
    assert capfd.readouterr() == ("", "")


def test_a_damaged_file_is_an_error_for_a_person(tmp_path: Path) -> None:
    raw = tmp_path / "MNIST" / "raw"
    write_idx(raw)
    (raw / "train-images-idx3-ubyte").write_bytes(b"\x00\x00\x08")
    with pytest.raises(UserError, match="MNIST: cannot be read from"):
        load_data(Mnist(), tmp_path, tmp_path / "cache")


def test_a_wrong_number_of_images_is_an_error(tmp_path: Path) -> None:
    write_idx(tmp_path / "MNIST" / "raw")
    with pytest.raises(UserError, match="20 train labels, where 60,000 are expected"):
        load_data(Mnist(), tmp_path, tmp_path / "cache")


def test_colours_come_first(monkeypatch, tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (10, 32, 32, 3), dtype=np.uint8)
    opened = SimpleNamespace(data=pixels, targets=list(range(10)))
    monkeypatch.setattr(torchvision.datasets, "CIFAR10", lambda root, train, download: opened)
    expect(monkeypatch, Cifar10, DataFacts(ImageShape(3, 32), 10, 10, 10))
    data = load_data(Cifar10(), tmp_path, tmp_path / "cache")
    for channel in range(3):
        assert np.array_equal(data.train.pixels[:, channel], pixels[..., channel])
    assert np.array_equal(data.validation.labels, np.arange(10))


@pytest.mark.slow
def test_mnist_is_mnist(real_data: Path, tmp_path: Path) -> None:
    data = load_data(Mnist(), real_data, tmp_path)
    assert data.facts == Mnist().facts(real_data)
    assert (len(data.train), len(data.validation)) == (60_000, 10_000)
    assert data.train.labels is not None
    assert data.validation.labels is not None
    assert data.train.labels[:3].tolist() == [5, 0, 4]
    assert data.validation.labels[:3].tolist() == [7, 2, 1]
    # The well-known mean and standard deviation of the training pixels.
    assert data.train.pixels.mean() / 255 == pytest.approx(0.1307, abs=5e-5)
    assert data.train.pixels.std() / 255 == pytest.approx(0.3081, abs=5e-5)


ANOTHER_PROCESS = """
import sys
from pathlib import Path
import numpy as np
from raysweep.data import load_data
from raysweep.study.data import Mnist
data = load_data(Mnist(), Path(sys.argv[1]), Path(sys.argv[2]))
assert isinstance(data.train.pixels, np.memmap)
assert "torchvision" not in sys.modules
"""


@pytest.mark.slow
def test_a_second_process_maps_what_the_first_has_read(real_data: Path, tmp_path: Path) -> None:
    load_data(Mnist(), real_data, tmp_path)
    subprocess.run([sys.executable, "-c", ANOTHER_PROCESS, str(real_data), str(tmp_path)], check=True)
