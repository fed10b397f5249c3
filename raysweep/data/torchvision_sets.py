"""MNIST, Fashion-MNIST and CIFAR-10, as torchvision reads and downloads them. Their test sets validate."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from raysweep.data.download import open_or_download
from raysweep.data.source import RawImages, Source
from raysweep.study.data import Cifar10, FashionMnist, Mnist, Split

# torchvision takes seconds to import, and only a node's first load needs it: hence the imports inside functions.


def mnist(settings: Mnist, root: Path) -> Source:
    """60,000 and 10,000 images of 1 × 28 × 28."""

    def read() -> Mapping[Split, RawImages]:
        from torchvision.datasets import MNIST  # noqa: PLC0415

        return _read(MNIST, "MNIST", "MNIST/raw/train-images-idx3-ubyte and the three files beside it", root)

    return Source(f"MNIST in {root}", str(root.resolve()), read, root / "MNIST/raw/train-images-idx3-ubyte", True)


def fashion_mnist(settings: FashionMnist, root: Path) -> Source:
    """60,000 and 10,000 images of 1 × 28 × 28."""

    def read() -> Mapping[Split, RawImages]:
        from torchvision.datasets import FashionMNIST  # noqa: PLC0415

        layout = "FashionMNIST/raw/train-images-idx3-ubyte and the three files beside it"
        return _read(FashionMNIST, "Fashion-MNIST", layout, root)

    needs = root / "FashionMNIST/raw/train-images-idx3-ubyte"
    return Source(f"Fashion-MNIST in {root}", str(root.resolve()), read, needs, True)


def cifar10(settings: Cifar10, root: Path) -> Source:
    """50,000 and 10,000 images of 3 × 32 × 32."""

    def read() -> Mapping[Split, RawImages]:
        from torchvision.datasets import CIFAR10  # noqa: PLC0415

        return _read(CIFAR10, "CIFAR-10", "cifar-10-batches-py/data_batch_1 and the files beside it", root)

    return Source(f"CIFAR-10 in {root}", str(root.resolve()), read, root / "cifar-10-batches-py/data_batch_1", True)


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
