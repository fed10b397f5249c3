"""CelebA: 202,599 aligned and cropped faces of 178 × 218 pixels."""

from collections.abc import Mapping
from pathlib import Path

from raysweep.data.download import open_or_download
from raysweep.data.image_folder import read_images
from raysweep.data.source import RawImages, Source, fingerprint, seeded_split
from raysweep.errors import UserError
from raysweep.seeding import derive_seed
from raysweep.study.data import CELEBA_FOLDERS, CelebA, Split


def celeba(settings: CelebA, root: Path) -> Source:
    """The central 178 × 178 pixels, which are the images' central squares, resized to `settings.size`; no labels."""

    def read() -> Mapping[Split, RawImages]:
        layout = f"{CELEBA_FOLDERS[0]}/000001.jpg to 202599.jpg, from the archive img_align_celeba.zip"
        folder = open_or_download("CelebA", layout, root, lambda download: _folder(settings, root, download))
        return read_faces(folder, settings, root)

    files = [file for _, file in settings.files(root)]
    return Source(f"CelebA in {root}", fingerprint([settings.folder(root), *files]), read, settings.folder(root), True)


def read_faces(folder: Path, settings: CelebA, root: Path) -> Mapping[Split, RawImages]:
    """Both splits of the faces in `folder`, each in a seeded random order.

    Raises:
        UserError: the folder does not hold all faces.
    """
    facts = settings.full_facts(root)
    files = sorted(folder.glob("*.jpg"))
    expected = facts.train + facts.validation
    if len(files) != expected:
        raise UserError(
            f"CelebA: {len(files):,} images in {folder}, where {expected:,} are expected. "
            "Unpack img_align_celeba.zip again, or wait until it is unpacked"
        )
    train, validation = seeded_split(expected, facts.validation, derive_seed("celeba", "split", settings.split_seed))
    return {
        "train": RawImages(read_images([files[k] for k in train], facts.shape)),
        "validation": RawImages(read_images([files[k] for k in validation], facts.shape)),
    }


def _folder(settings: CelebA, root: Path, download: bool) -> Path:
    if not settings.folder(root).is_dir():
        if not download:
            raise FileNotFoundError(settings.folder(root))
        from torchvision.datasets import CelebA as Downloaded  # noqa: PLC0415 (takes seconds, and is hardly ever needed)

        Downloaded(root, download=True)
    return settings.folder(root)
