"""Folders of image files."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from raysweep.data.source import RawImages, Source, fingerprint, seeded_split
from raysweep.errors import UserError
from raysweep.seeding import derive_seed
from raysweep.study.architecture import ImageShape
from raysweep.study.data import ImageFiles, ImageFolder, Split, validation_count

_THREADS = 8
"""Pillow decodes without Python's lock; more threads than processors also hide slow disks."""
_PIECE_BYTES = 64 * 2**20


def image_folder(settings: ImageFolder, root: Path) -> Source:
    """Each split is in a seeded random order.

    Raises:
        UserError: see `ImageFolder.listings`.
    """
    found = settings.listings(root)
    shape = ImageShape(settings.channels, settings.size)

    def read() -> Mapping[Split, RawImages]:
        count = len(found[0].files)
        held_out = 0 if len(found) > 1 else validation_count(count, settings.validation_share)
        train, validation = _order(count, held_out, settings)
        if len(found) > 1:
            validation, _ = _order(len(found[1].files), 0, settings)
        return {"train": _raw(found[0], train, shape), "validation": _raw(found[-1], validation, shape)}

    files = [file for listing in found for _, file in listing.files]
    return Source(f"image folder {found[0].folder}", fingerprint(files), read, found[0].folder)


def read_images(files: Sequence[Path], shape: ImageShape) -> Iterator[NDArray[np.uint8]]:
    """Pixels of `files`, in pieces (n, channels, size, size); see `read_image`."""
    count = max(1, _PIECE_BYTES // shape.pixels)
    with ThreadPoolExecutor(_THREADS) as pool:
        for start in range(0, len(files), count):
            yield np.stack(list(pool.map(lambda file: read_image(file, shape), files[start : start + count])))


def read_image(file: Path, shape: ImageShape) -> NDArray[np.uint8]:
    """Pixels (channels, size, size) of the central square of an image, resized where its size differs.

    The image is read as viewers show it: turned as its camera was held, on white where it is transparent, the first
    frame of several. Pillow's bilinear filter widens as it shrinks an image, so there is no aliasing.

    Raises:
        UserError: the file is not a readable image of 8 bits a channel.
    """
    try:
        with Image.open(file) as opened:
            mode = opened.mode
            image = ImageOps.exif_transpose(opened)
            if image.has_transparency_data:
                image = image.convert("RGBA")
                image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
            image = image.convert("L" if shape.channels == 1 else "RGB")
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


def _order(count: int, held_out: int, settings: ImageFolder) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    return seeded_split(count, held_out, derive_seed("image_folder", "split", settings.split_seed))


def _raw(listing: ImageFiles, chosen: NDArray[np.int64], shape: ImageShape) -> RawImages:
    labels = np.array(listing.labels, dtype=np.int64)[chosen] if listing.classes else None
    return RawImages(read_images([listing.files[k][1] for k in chosen], shape), labels)
