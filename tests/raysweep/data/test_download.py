from pathlib import Path
from urllib.error import URLError

import pytest
import torchvision

from raysweep.data import load_data
from raysweep.errors import UserError
from raysweep.study.data import Cifar10, Mnist


def test_a_failed_download_says_what_to_do(monkeypatch, tmp_path: Path) -> None:
    def download(*args: object, **settings: object) -> None:
        raise URLError("no route to host")

    monkeypatch.setattr(torchvision.datasets.mnist, "download_and_extract_archive", download)
    with pytest.raises(UserError) as error:
        load_data(Mnist(), tmp_path / "data", tmp_path / "cache")
    message = str(error.value)
    for part in ("MNIST", str(tmp_path / "data"), "no route to host", "--data DIR", "DIR/MNIST/raw/train-images"):
        assert part in message
    assert "\n" not in message


def test_an_unwritable_data_folder_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match=r"CIFAR-10: .*--data DIR.*DIR/cifar-10-batches-py/data_batch_1"):
        load_data(Cifar10(), tmp_path / "file", tmp_path / "cache")
