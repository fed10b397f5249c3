"""Which images, or points, a study is about. Settings only: `raysweep.data` reads the pixels."""

import errno
import hashlib
import os
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self, TypeVar

from pydantic import Field, PositiveInt, SerializerFunctionWrapHandler, model_serializer, model_validator
from typing_extensions import override

from raysweep.errors import UserError
from raysweep.study.architecture import ImageShape
from raysweep.study.base import Frozen, Kind

AnySettings = TypeVar("AnySettings", bound=Frozen)
Split = Literal["train", "validation"]

IMAGE_SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".apng", ".gif", ".bmp", ".dib", ".webp", ".tif", ".tiff"}
    | {".ppm", ".pgm", ".pbm", ".pnm"}
)
SAMPLED_FILES, SAMPLED_BYTES = 2_000, 2**26
"""How many files of a data set are sampled for its fingerprint, and about how many bytes in all."""
NAMED = 6
"""How many classes, or kinds of files, are named in a line."""


@dataclass(frozen=True)
class DataFacts:
    """Facts of a data set that are known before any pixel is read."""

    shape: ImageShape
    train: int
    """Number of training images."""
    validation: int
    """Number of validation images."""
    classes: int | None
    """Number of classes, or None where images carry no label."""
    points: bool = False
    """What is learned are points: "images" of one pixel, whose channels are coordinates and not brightness."""
    remarks: tuple[str, ...] = field(default=(), compare=False)
    """Says which of the existing files are used and which are not."""

    @property
    def items(self) -> str:
        """Describes the data: "images of 3 × 32 × 32 pixels", or "points of 2 coordinates"."""
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

    named: ClassVar[bool] = True
    """Whether the settings alone say what the data are. The content of other data belongs to the identity of what is
    trained on them."""
    limit: Annotated[int, Field(ge=2)] | None = None
    kind: str
    content: str = ""
    """A hash of the files of data that are not `named`, which a run fills in. If it is given, the files must match
    it."""

    @model_serializer(mode="wrap")
    def _only_known_content(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Settings without it are written as they were before there was such a field, so trials keep their ids."""
        return {name: value for name, value in handler(self).items() if name != "content" or value}

    @property
    def words(self) -> str:
        """Names the data set, for a plan."""
        return self.kind

    def files(self, root: Path) -> Sequence[tuple[str, Path]]:
        """The files that it is read from, each with a name that is the same on every machine; none if it needs none.

        Raises:
            UserError: they must be listed and are not under `root`.
        """
        return ()

    def content_of(self, root: Path) -> str:
        """A hash of the names and sizes of all its files, and of the content of a sample of them; empty without files.

        Raises:
            UserError: a file is not under `root`, or cannot be read.
        """
        files = self.files(root)
        chosen = -(-len(files) // SAMPLED_FILES)
        digest = hashlib.sha256()
        try:
            for index, (name, file) in enumerate(files):
                digest.update(f"{name}\n{file.stat().st_size}\n".encode(errors="surrogateescape"))
                if index % chosen == 0:
                    with file.open("rb") as opened:
                        digest.update(opened.read(SAMPLED_BYTES // min(len(files), SAMPLED_FILES)))
        except OSError as error:
            raise UserError(f"data set {self.words}: {error.filename}: cannot be read ({error.strerror})") from error
        return digest.hexdigest()[:12] if files else ""

    def with_content(self, root: Path) -> Self:
        """These settings with the content of the files, where it belongs to them.

        Raises:
            UserError: see `content_of`; or the settings have a content already, and the files have another.
        """
        found = "" if self.named else self.content_of(root)
        if self.content not in {"", found}:
            raise UserError(
                f"data set {self.words}: its files have the content {found}, and the settings name {self.content}: "
                "give --data the folder that holds these, or leave content out"
            )
        return self.model_copy(update={"content": found})

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


IDX_FILES = [f"{part}-{what}-ubyte" for part in ("train", "t10k") for what in ("images-idx3", "labels-idx1")]
CIFAR10_FILES = [*(f"data_batch_{k}" for k in range(1, 6)), "test_batch"]
CELEBA_FOLDERS = ("celeba/img_align_celeba", "img_align_celeba")
"""As torchvision lays it out, and as its archive unpacks."""


class Mnist(DataSettings):
    """MNIST, 28 × 28; its test set validates."""

    code: ClassVar[str] = "raysweep.data.torchvision_sets:mnist"
    kind: Literal["mnist"] = "mnist"

    @override
    def files(self, root: Path) -> Sequence[tuple[str, Path]]:
        return [(name, root / "MNIST/raw" / name) for name in IDX_FILES]

    @override
    def full_facts(self, root: Path) -> DataFacts:
        return DataFacts(ImageShape(1, 28), 60_000, 10_000, 10)


class FashionMnist(DataSettings):
    """Fashion-MNIST, 28 × 28; its test set validates."""

    code: ClassVar[str] = "raysweep.data.torchvision_sets:fashion_mnist"
    kind: Literal["fashion_mnist"] = "fashion_mnist"

    @override
    def files(self, root: Path) -> Sequence[tuple[str, Path]]:
        return [(name, root / "FashionMNIST/raw" / name) for name in IDX_FILES]

    @override
    def full_facts(self, root: Path) -> DataFacts:
        return DataFacts(ImageShape(1, 28), 60_000, 10_000, 10)


class Cifar10(DataSettings):
    """CIFAR-10, 32 × 32, colour; its test set validates."""

    code: ClassVar[str] = "raysweep.data.torchvision_sets:cifar10"
    kind: Literal["cifar10"] = "cifar10"

    @override
    def files(self, root: Path) -> Sequence[tuple[str, Path]]:
        return [(name, root / "cifar-10-batches-py" / name) for name in CIFAR10_FILES]

    @override
    def full_facts(self, root: Path) -> DataFacts:
        return DataFacts(ImageShape(3, 32), 50_000, 10_000, 10)


class CelebA(DataSettings):
    """CelebA, its central 178 × 178 pixels resized to 64 × 64; a random, seeded 20 % validates, as in the paper."""

    code: ClassVar[str] = "raysweep.data.celeba:celeba"
    kind: Literal["celeba"] = "celeba"
    size: Literal[32, 64, 128] = 64
    split_seed: int = 0

    @staticmethod
    def folder(root: Path) -> Path:
        """Where the faces lie, or are downloaded to."""
        folders = [root / folder for folder in CELEBA_FOLDERS]
        return next((folder for folder in folders if folder.is_dir()), folders[0])

    @override
    def files(self, root: Path) -> Sequence[tuple[str, Path]]:
        """Checks a sample of the faces: checking all of them takes minutes on some file servers."""
        names = [f"{number:06d}.jpg" for number in range(1, 202_600, 100)]
        return [(name, self.folder(root) / name) for name in names]

    @override
    def full_facts(self, root: Path) -> DataFacts:
        return DataFacts(ImageShape(3, self.size), 162_079, 40_520, None)


class ImageFolder(DataSettings):
    """Any folder of images: a sub-folder a class, or images in the folder itself (then there are no labels).

    A class has all images below its sub-folder, at any depth. Where images lie in the folder itself, all below it are
    used, without labels. Files that are hidden (a name with a dot first, `__MACOSX`) or have another suffix than
    `IMAGE_SUFFIXES` are not used; a plan says how many these are.

    `path` and `validation_path` are absolute or relative to the data folder. Without a `validation_path` a seeded
    share of the images validates. Images are cropped to their central square and resized to `size` pixels.
    """

    code: ClassVar[str] = "raysweep.data.image_folder:image_folder"
    named: ClassVar[bool] = False
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

    def listings(self, root: Path) -> list["ImageFiles"]:
        """Its images; those that validate apart, where they have a folder of their own.

        Raises:
            UserError: see `list_images`; or the two folders have different classes.
        """
        paths = (self.path,) if self.validation_path is None else (self.path, self.validation_path)
        found = [list_images((root / path).resolve()) for path in paths]
        if len({each.classes for each in found}) > 1:
            differing = ", ".join(sorted(set(found[0].classes).symmetric_difference(found[1].classes)))
            folders = " and ".join(str(each.folder) for each in found)
            raise UserError(f"image folders {folders}: classes {differing} are in one of them only")
        return found

    @override
    def files(self, root: Path) -> Sequence[tuple[str, Path]]:
        return [
            (f"{number}/{'/'.join(name)}", file)
            for number, listing in enumerate(self.listings(root))
            for name, file in listing.files
        ]

    @override
    def full_facts(self, root: Path) -> DataFacts:
        """The files are counted by name, and not opened.

        Raises:
            UserError: see `listings`; or no image would be left to train on.
        """
        found = self.listings(root)
        counts = [len(each.files) for each in found]
        if self.validation_path is None:
            held_out = validation_count(counts[0], self.validation_share)
            counts = [counts[0] - held_out, held_out]
        if not counts[0]:
            raise UserError(
                f"image folder {found[0].folder}: all of its {counts[1]} images would validate. "
                "Add images, or lower validation_share"
            )
        remarks = tuple(f"{each.folder}: {each.words}" for each in found)
        shape, classes = ImageShape(self.channels, self.size), len(found[0].classes) or None
        return DataFacts(shape, counts[0], counts[1], classes, remarks=remarks)


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
        """With 25 points a mode in the mean, a mode is left without points once in 10⁸ times."""
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


@dataclass(frozen=True)
class ImageFiles:
    """The images of a folder."""

    folder: Path
    files: tuple[tuple[tuple[str, ...], Path], ...]
    """The files, each with its path below `folder` as its name, in one Unicode form; sorted by name."""
    classes: tuple[str, ...]
    """The names of the classes, sorted; empty for a flat folder."""
    unused: tuple[str, ...]
    """The other files in the folder: the suffix of each, or "hidden"."""

    @property
    def labels(self) -> list[int]:
        """The class number of each file; 0 in a flat folder."""
        numbers = {name: number for number, name in enumerate(self.classes)}
        return [numbers.get(name[0], 0) for name, _ in self.files]

    @property
    def words(self) -> str:
        """Says which of the files are used, and how."""
        images = f"{len(self.files):,} images"
        if self.classes:
            counts = Counter(name[0] for name, _ in self.files)
            words = f"{images}; classes {_first(f'{name} ({counts[name]:,})' for name in self.classes)}"
        else:
            deeper = {name[:-1] for name, _ in self.files} - {()}
            mixed = (
                f": {len(deeper):,} sub-folders are no classes, since images also lie outside of them" if deeper else ""
            )
            words = f"{images}, without classes{mixed}"
        unused = Counter(self.unused)
        return words + (f"; not used: {_first(f'{n:,} {what}' for what, n in unused.most_common())}" if unused else "")


def _first(words: Iterator[str]) -> str:
    named = list(words)
    return ", ".join(named[:NAMED]) + (f" and {len(named) - NAMED} more" if len(named) > NAMED else "")


def list_images(folder: Path) -> ImageFiles:
    """The images under `folder`.

    Raises:
        UserError: there is no such folder, no image in it, or a file or folder that cannot be looked at.
    """
    if not folder.is_dir():
        raise UserError(f"image folder {folder}: not found. Name an existing folder, or its parent with --data DIR")
    try:
        found = sorted(_below(folder, (), frozenset()))
    except OSError as error:
        raise UserError(
            f"image folder {folder}: {error.filename}: cannot be read ({error.strerror}); mend or remove it"
        ) from error
    files = tuple((name, file) for name, file in found if _kind(name) in IMAGE_SUFFIXES)
    if not files:
        known = ", ".join(sorted(IMAGE_SUFFIXES))
        raise UserError(f"image folder {folder}: no images in it (looked for {known}, directly and in sub-folders)")
    flat = any(len(name) == 1 for name, _ in files)
    classes = () if flat else tuple(dict.fromkeys(name[0] for name, _ in files))
    return ImageFiles(folder, files, classes, tuple(kind for n, _ in found if (kind := _kind(n)) not in IMAGE_SUFFIXES))


def _below(
    folder: Path, name: tuple[str, ...], above: frozenset[tuple[int, int]]
) -> Iterator[tuple[tuple[str, ...], Path]]:
    """All files under a folder with their names. A link to a folder `above` is not followed, and is none of them."""
    status = folder.stat()
    here = status.st_dev, status.st_ino
    if here in above:
        return
    with os.scandir(folder) as entries:
        for entry in entries:
            path = folder / entry.name
            # One name may be written in two forms, which look alike: macOS writes é as two characters.
            known = *name, unicodedata.normalize("NFC", entry.name)
            if entry.is_dir() and _kind(known) != HIDDEN:
                yield from _below(path, known, above | {here})
            elif _kind(known) in IMAGE_SUFFIXES and not entry.is_file():
                path.stat()  # fails where a link leads nowhere
                raise OSError(errno.EINVAL, "neither a file nor a folder", str(path))
            else:
                yield known, path


HIDDEN = "hidden"


def _kind(name: tuple[str, ...]) -> str:
    """A file's suffix, or that the file is hidden."""
    if name[-1].startswith(".") or name[-1] == "__MACOSX":
        return HIDDEN
    _, dot, suffix = name[-1].rpartition(".")
    return f".{suffix.lower()}" if dot else "without a suffix"


def with_content(settings: AnySettings, root: Path) -> AnySettings:
    """Settings with the content of all data sets in them; see `DataSettings.with_content`.

    Raises:
        UserError: the files of a data set are not under `root`, or are others than the settings name.
    """
    if isinstance(settings, DataSettings):
        return settings.with_content(root)
    found = {name: _with_content(getattr(settings, name), root) for name in type(settings).model_fields}
    changed = {name: value for name, value in found.items() if value != getattr(settings, name)}
    return settings.model_copy(update=changed) if changed else settings


def _with_content(value: Any, root: Path) -> Any:
    if isinstance(value, Frozen):
        return with_content(value, root)
    return tuple(_with_content(each, root) for each in value) if isinstance(value, tuple) else value
