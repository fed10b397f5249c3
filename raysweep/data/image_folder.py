"""Folders of image files."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from raysweep.data.source import RawImages, Source, seeded_split
from raysweep.errors import UserError
from raysweep.seeding import derive_seed
from raysweep.study.architecture import ImageShape
from raysweep.study.data import ImageFolder, Split, list_images, validation_count

_THREADS = 8
"""Pillow decodes without Python's lock; more threads than processors also hide slow disks."""
_PIECE_BYTES = 64 * 2**20


def image_folder(settings: ImageFolder, root: Path) -> Source:
    """Class sub-folders or a flat folder; each split is in a seeded random order.

    Raises:
        UserError: a folder is missing or empty, too few images, or the two folders have different classes.
    """
    folder = (root / settings.path).resolve()
    files, names = list_images(folder)
    if settings.validation_path is None:
        held_out = validation_count(len(files), settings.validation_share)
        train, validation = _split(files, held_out, settings.split_seed)
        if not train:
            raise UserError(
                f"image folder {folder}: all of its {len(files)} images would validate. "
                "Add images, or lower validation_share"
            )
    else:
        other = (root / settings.validation_path).resolve()
        other_files, other_names = list_images(other)
        _check_same_classes(folder, names, other, other_names)
        train, _ = _split(files, 0, settings.split_seed)
        validation, _ = _split(other_files, 0, settings.split_seed)

    def read() -> Mapping[Split, RawImages]:
        shape = ImageShape(settings.channels, settings.size)
        return {"train": _raw(train, names, shape), "validation": _raw(validation, names, shape)}

    return Source(f"image folder {folder}", _fingerprint([*train, *validation]), read, folder)


def read_images(files: Sequence[Path], shape: ImageShape) -> Iterator[NDArray[np.uint8]]:
    """Pixels of `files`, in pieces (n, channels, size, size); see `read_image`."""
    count = max(1, _PIECE_BYTES // shape.pixels)
    with ThreadPoolExecutor(_THREADS) as pool:
        for start in range(0, len(files), count):
            yield np.stack(list(pool.map(lambda file: read_image(file, shape), files[start : start + count])))


def read_image(file: Path, shape: ImageShape) -> NDArray[np.uint8]:
    """Pixels (channels, size, size) of the central square of an image, resized where its size differs.

    Pillow's bilinear filter widens as it shrinks an image, so there is no aliasing.

    Raises:
        UserError: the file is not a readable image of 8 bits a channel.
    """
    try:
        with Image.open(file) as opened:
            mode = opened.mode
            image = opened.convert("L" if shape.channels == 1 else "RGB")
    except Exception as error:  # damaged files raise exceptions of many kinds in Pillow
        raise UserError(f"image {file}: cannot be read ({error}). Replace or remove it") from error
    if mode.startswith(("I", "F")):  # Pillow would cut their values off at 255
        raise UserError(f"image {file}: has more than 8 bits a channel (mode {mode}). Convert it to 8 bits")
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    image = image.crop((left, top, left + side, top + side))
    if side != shape.size:
        image = image.resize((shape.size, shape.size), Image.Resampling.BILINEAR)
    return np.asarray(image).reshape(shape.size, shape.size, shape.channels).transpose(2, 0, 1)


def _split(
    files: Sequence[tuple[Path, int]], held_out: int, seed: int
) -> tuple[list[tuple[Path, int]], list[tuple[Path, int]]]:
    train, validation = seeded_split(len(files), held_out, derive_seed("image_folder", "split", seed))
    return [files[k] for k in train], [files[k] for k in validation]


def _raw(files: Sequence[tuple[Path, int]], names: Sequence[str], shape: ImageShape) -> RawImages:
    labels = np.array([label for _, label in files], dtype=np.int64) if names else None
    return RawImages(read_images([file for file, _ in files], shape), labels)


def _check_same_classes(folder: Path, names: Sequence[str], other: Path, other_names: Sequence[str]) -> None:
    if names != other_names:
        differing = ", ".join(sorted(set(names).symmetric_difference(other_names)))
        raise UserError(f"image folders {folder} and {other}: classes {differing} are in one of them only")


def _fingerprint(files: Sequence[tuple[Path, int]]) -> str:
    """A hash of the files' paths, sizes and times of change."""
    digest = hashlib.sha256()
    for file, _ in files:
        status = file.stat()
        digest.update(f"{file}\n{status.st_size}\n{status.st_mtime_ns}\n".encode())
    return digest.hexdigest()
