"""Which images, or points, a study is about. Settings only: `raysweep.data` reads the pixels."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, PositiveInt, model_validator
from typing_extensions import override

from raysweep.errors import UserError
from raysweep.study.architecture import ImageShape
from raysweep.study.base import Kind

Split = Literal["train", "validation"]

IMAGE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff"})


@dataclass(frozen=True)
class DataFacts:
    """What must be known about a data set before any pixel is read."""

    shape: ImageShape
    train: int
    """Number of training images."""
    validation: int
    """Number of validation images."""
    classes: int | None
    """Number of classes, or None where images carry no label."""
    points: bool = False
    """What is learned are points: "images" of one pixel, whose channels are coordinates and not brightness."""

    @property
    def items(self) -> str:
        """What is learned, in words: "images of 3 × 32 × 32 pixels", or "points of 2 coordinates"."""
        if self.points:
            return f"points of {self.shape.channels} coordinates"
        return f"images of {self.shape.channels} × {self.shape.size} × {self.shape.size} pixels"

    def count(self, split: Split) -> int:
        """Number of images in `split`."""
        return self.train if split == "train" else self.validation


class DataSettings(Kind):
    """A data set. `limit` keeps that many training images (a seeded choice), for reduced runs.

    `code` is a function from the settings and the data folder to a `Source`.
    """

    limit: Annotated[int, Field(ge=2)] | None = None
    kind: str

    @property
    def words(self) -> str:
        """Which data set it is, for a plan."""
        return self.kind

    def full_facts(self, root: Path) -> DataFacts:
        """The facts before `limit`; `root` is the data folder, used only by data sets that must be counted."""
        raise NotImplementedError

    def facts(self, root: Path) -> DataFacts:
        """Shape, numbers of images and of classes.

        Raises:
            UserError: the data must be counted and is not under `root`.
        """
        full = self.full_facts(root)
        train = full.train if self.limit is None else min(self.limit, full.train)
        return replace(full, train=train)


class Digits(DataSettings):
    """The 1,797 handwritten digits of 8 × 8 pixels that scikit-learn ships; a seeded 20 % validates."""

    code: ClassVar[str] = "raysweep.data.digits:digits"
    kind: Literal["digits"] = "digits"

    @override
    def full_facts(self, root: Path) -> DataFacts:
        return DataFacts(ImageShape(1, 8), 1437, 360, 10)


class Mnist(DataSettings):
    """MNIST, 28 × 28; its test set validates."""

    code: ClassVar[str] = "raysweep.data.torchvision_sets:mnist"
    kind: Literal["mnist"] = "mnist"

    @override
    def full_facts(self, root: Path) -> DataFacts:
        return DataFacts(ImageShape(1, 28), 60_000, 10_000, 10)


class FashionMnist(DataSettings):
    """Fashion-MNIST, 28 × 28; its test set validates."""

    code: ClassVar[str] = "raysweep.data.torchvision_sets:fashion_mnist"
    kind: Literal["fashion_mnist"] = "fashion_mnist"

    @override
    def full_facts(self, root: Path) -> DataFacts:
        return DataFacts(ImageShape(1, 28), 60_000, 10_000, 10)


class Cifar10(DataSettings):
    """CIFAR-10, 32 × 32, colour; its test set validates."""

    code: ClassVar[str] = "raysweep.data.torchvision_sets:cifar10"
    kind: Literal["cifar10"] = "cifar10"

    @override
    def full_facts(self, root: Path) -> DataFacts:
        return DataFacts(ImageShape(3, 32), 50_000, 10_000, 10)


class CelebA(DataSettings):
    """CelebA, its central 178 × 178 pixels resized to 64 × 64; a random, seeded 20 % validates, as in the paper."""

    code: ClassVar[str] = "raysweep.data.celeba:celeba"
    kind: Literal["celeba"] = "celeba"
    size: Literal[32, 64, 128] = 64
    split_seed: int = 0

    @override
    def full_facts(self, root: Path) -> DataFacts:
        return DataFacts(ImageShape(3, self.size), 162_079, 40_520, None)


class ImageFolder(DataSettings):
    """Any folder of images: class sub-folders, or flat (then there are no labels).

    `path` and `validation_path` are absolute or relative to the data folder. Without a `validation_path` a seeded
    share of the images validates. Images are cropped to their central square and resized to `size` pixels.
    """

    code: ClassVar[str] = "raysweep.data.image_folder:image_folder"
    kind: Literal["image_folder"] = "image_folder"
    path: str
    validation_path: str | None = None
    size: Annotated[int, Field(ge=8, le=1024)]
    channels: Literal[1, 3] = 3
    validation_share: Annotated[float, Field(gt=0, lt=1)] = 0.2
    split_seed: int = 0

    @property
    @override
    def words(self) -> str:
        return f"{self.kind} {self.path}"

    @override
    def full_facts(self, root: Path) -> DataFacts:
        """The files are counted by name, and not opened."""
        files, names = list_images(root / self.path)
        total = len(files)
        if self.validation_path is None:
            held_out = validation_count(total, self.validation_share)
            train = total - held_out
        else:
            train, held_out = total, len(list_images(root / self.validation_path)[0])
        return DataFacts(ImageShape(self.channels, self.size), train, held_out, len(names) or None)


class Grid2d(DataSettings):
    """2D-Grid: a mixture of (2n+1)² equal Gaussians in the plane, of variance 0.0025 along each axis.

    Their means, the modes, are the points of `lattice(n)`; a point's class is the mode that it was drawn from. Points
    stand as images of two channels and one pixel, in their own coordinates.

    Source: Manoj (2018), Section 3.1, after Srivastava et al. (2017) and Lin et al. (2018), who have n = 2 and
    100,000 training points.
    """

    code: ClassVar[str] = "raysweep.data.grid2d:grid2d"
    kind: Literal["grid2d"] = "grid2d"
    n: Annotated[int, Field(ge=1, le=10)] = 2
    train: PositiveInt = 100_000
    """Training points."""
    validation: PositiveInt = 10_000
    """Validation points."""
    seed: int = 0
    """Of the points that are drawn."""

    @model_validator(mode="after")
    def _no_mode_is_empty(self) -> Self:
        """With 25 points a mode in the mean, one is left without any once in 10⁸ times."""
        least = 25 * len(self.modes)
        if self.train < least:
            raise ValueError(f"train is {self.train}: {len(self.modes)} modes need at least {least:,} training points")
        return self

    @property
    def modes(self) -> tuple[tuple[float, ...], ...]:
        """The modes, in the order of their class numbers."""
        return lattice(self.n)

    @override
    def full_facts(self, root: Path) -> DataFacts:
        return DataFacts(ImageShape(2, 1), self.train, self.validation, len(self.modes), points=True)


GRID2D_DEVIATION = 0.05
"""Standard deviation of a mode of 2D-Grid along each axis: the variance is 0.0025."""


def lattice(n: int) -> tuple[tuple[float, ...], ...]:
    """The (2n+1)² points (2i, 2j) with -n ≤ i, j ≤ n; j runs fastest."""
    ticks = [2.0 * i for i in range(-n, n + 1)]
    return tuple((x, y) for x in ticks for y in ticks)


def validation_count(total: int, share: float) -> int:
    """How many of `total` images validate: the nearest whole number to the share, and at least one."""
    return max(1, round(total * share))


def list_images(folder: Path) -> tuple[list[tuple[Path, int]], tuple[str, ...]]:
    """Image files under `folder` with their class number, and the names of the classes, both sorted.

    A folder without sub-folders that hold images is flat: every class number is 0 and there are no names.

    Raises:
        UserError: there is no such folder, or no image in it.
    """
    if not folder.is_dir():
        raise UserError(f"image folder {folder}: not found. Name an existing folder, or its parent with --data DIR")
    classes = sorted(child for child in folder.iterdir() if child.is_dir() and not child.name.startswith("."))
    groups = [(child.name, _images(child)) for child in classes]
    groups = [(name, files) for name, files in groups if files]
    if groups:
        return [(file, k) for k, (_, files) in enumerate(groups) for file in files], tuple(name for name, _ in groups)
    flat = _images(folder)
    if not flat:
        known = ", ".join(sorted(IMAGE_SUFFIXES))
        raise UserError(f"image folder {folder}: no images in it (looked for {known}, directly and in sub-folders)")
    return [(file, 0) for file in flat], ()


def _images(folder: Path) -> list[Path]:
    return sorted(file for file in folder.iterdir() if file.suffix.lower() in IMAGE_SUFFIXES)
