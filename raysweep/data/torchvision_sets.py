"""MNIST, Fashion-MNIST and CIFAR-10, as torchvision reads and downloads them. Their test sets validate."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from raysweep.data.download import open_or_download
from raysweep.data.source import RawImages, Source, fingerprint
from raysweep.study.data import Cifar10, DataSettings, FashionMnist, Mnist, Split

# torchvision takes seconds to import, and only a node's first load needs it: hence the imports inside functions.


def mnist(settings: Mnist, root: Path) -> Source:
    """60,000 and 10,000 images of 1 × 28 × 28."""

    def read() -> Mapping[Split, RawImages]:
        from torchvision.datasets import MNIST  # noqa: PLC0415

        return _read(MNIST, "MNIST", "MNIST/raw/train-images-idx3-ubyte and the three other files there", root)

    return _source("MNIST", settings, root, read)


def fashion_mnist(settings: FashionMnist, root: Path) -> Source:
    """60,000 and 10,000 images of 1 × 28 × 28."""

    def read() -> Mapping[Split, RawImages]:
        from torchvision.datasets import FashionMNIST  # noqa: PLC0415

        layout = "FashionMNIST/raw/train-images-idx3-ubyte and the three other files there"
        return _read(FashionMNIST, "Fashion-MNIST", layout, root)

    return _source("Fashion-MNIST", settings, root, read)


def cifar10(settings: Cifar10, root: Path) -> Source:
    """50,000 and 10,000 images of 3 × 32 × 32."""

    def read() -> Mapping[Split, RawImages]:
        from torchvision.datasets import CIFAR10  # noqa: PLC0415

        return _read(CIFAR10, "CIFAR-10", "cifar-10-batches-py/data_batch_1 and the other files there", root)

    return _source("CIFAR-10", settings, root, read)


def _source(name: str, settings: DataSettings, root: Path, read: Callable[[], Mapping[Split, RawImages]]) -> Source:
    files = [file for _, file in settings.files(root)]
    return Source(f"{name} in {root}", fingerprint(files), read, files[0], True)


def _read(dataset: Any, name: str, layout: str, root: Path) -> Mapping[Split, RawImages]:
    """Both splits of a data set class of torchvision."""
    train, test = open_or_download(
        name, layout, root, lambda download: [dataset(root, train=part, download=download) for part in (True, False)]
    )
    return {"train": _raw(train), "validation": _raw(test)}


def _raw(opened: Any) -> RawImages:
    """(count, height, width) and (count, height, width, channels), as torchvision has them, to channels first."""
    pixels = np.asarray(opened.data)
    pixels = pixels[:, np.newaxis] if pixels.ndim == 3 else pixels.transpose(0, 3, 1, 2)
    return RawImages([pixels], np.asarray(opened.targets, dtype=np.int64))
