"""Data sets as memory-mapped arrays on a node's disk: read once per node, and in memory once per node.

    <cache>/<data set>-<hash>/train.npy  train_labels.npy  validation.npy  validation_labels.npy  content

A folder is written under a temporary name and renamed, so it is whole or absent. It belongs to one version of the
source: changed files get a new folder, and old ones may be deleted at any time.
"""

import logging
import os
import shutil
import tempfile
from pathlib import Path

import numpy as np
from filelock import FileLock

from raysweep.data.images import Images
from raysweep.data.source import RawImages, Source
from raysweep.errors import UserError
from raysweep.study.data import DataFacts, DataSettings, Split

SPLITS: tuple[Split, Split] = ("train", "validation")
_FORMAT = "2"
"""Part of every folder's hash: raise it when a reader starts to deliver other pixels or another order."""

CONTENT = "content"
"""The file that holds the hash of what the source's files hold."""

_logger = logging.getLogger(__name__)


def cache_folder() -> Path:
    """Where data are kept: RAYSWEEP_CACHE, else raysweep in XDG_CACHE_HOME, else ~/.cache/raysweep.

    A user without a home, as in a container that runs under a number, has it among the temporary files.
    """
    named = os.environ.get("RAYSWEEP_CACHE")
    folder = Path(named) if named else Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "raysweep"
    try:
        return folder.expanduser()
    except RuntimeError:
        return Path(tempfile.gettempdir()) / f"raysweep-cache-{os.getuid()}"


def cached_folder(cache: Path, settings: DataSettings, source: Source) -> Path:
    """The data set's folder in `cache`: the same for every `limit`, another one when the files have changed."""
    content = settings.model_copy(update={"limit": None, "content": ""}).content_hash(source.fingerprint, _FORMAT)
    return cache / f"{type(settings).__name__.lower()}-{content}"


def fill(folder: Path, source: Source, facts: DataFacts, content: str = "") -> None:
    """Reads `source`, whose files have that content, into `folder`, unless another process of this node has done so.

    Raises:
        UserError: the cache cannot be written, or what was read does not match `facts`.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(folder.with_name(f".{folder.name}.lock")):
            if not folder.is_dir():
                _fill_alone(folder, source, facts, content)
    except OSError as error:
        raise UserError(
            f"data cache {folder.parent}: cannot be written ({error}). "
            "Name a writable folder with room in the environment variable RAYSWEEP_CACHE"
        ) from error


def open_split(folder: Path, split: Split) -> Images:
    """A split of a filled `folder`, memory-mapped and read-only."""
    labels = folder / f"{split}_labels.npy"
    return Images(
        np.load(folder / f"{split}.npy", mmap_mode="r", allow_pickle=False),
        np.load(labels, mmap_mode="r", allow_pickle=False) if labels.is_file() else None,
    )


def count_classes(folder: Path) -> int | None:
    """How many classes the images of a filled `folder` have, in both splits together; None without labels."""
    labels = [images.labels for images in (open_split(folder, split) for split in SPLITS) if images.labels is not None]
    return len(np.unique(np.concatenate(labels))) if labels else None


def _fill_alone(folder: Path, source: Source, facts: DataFacts, content: str) -> None:
    part = folder.with_name(f".{folder.name}.part")
    # Only the lock's holder writes here, so a process that died has left these files.
    shutil.rmtree(part, ignore_errors=True)
    try:
        part.mkdir()
        for split, raw in source.read().items():
            _write_split(part, split, raw, facts, source.name)
        _check_classes(part, facts, source.name)
        (part / CONTENT).write_text(content)
        part.rename(folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _write_split(folder: Path, split: Split, raw: RawImages, facts: DataFacts, name: str) -> None:
    count = facts.count(split)
    shape = (facts.shape.channels, facts.shape.size, facts.shape.size)
    if raw.labels is not None:
        if len(raw.labels) != count:
            raise UserError(f"{name}: {len(raw.labels):,} {split} labels, where {count:,} are expected")
        np.save(folder / f"{split}_labels.npy", raw.labels)
    kind = np.dtype(np.float32 if facts.points else np.uint8)
    written = 0
    # Writing piece by piece instead of through a memory map makes a full disk an exception instead of a bus error.
    with (folder / f"{split}.npy").open("wb") as file:
        header = {"descr": kind.str, "fortran_order": False, "shape": (count, *shape)}
        np.lib.format.write_array_header_1_0(file, header)
        for piece in raw.pieces:
            if piece.shape[1:] != shape:
                raise UserError(f"{name}: {split} images of shape {piece.shape[1:]}, where {shape} is expected")
            if piece.dtype != kind:
                raise UserError(f"{name}: {split} images of {piece.dtype} values, where {kind} is expected")
            file.write(np.ascontiguousarray(piece).data)
            written += len(piece)
            _logger.info("%s: %s of %s %s images read", name, f"{written:,}", f"{count:,}", split)
    if written != count:
        raise UserError(f"{name}: {written:,} {split} images, where {count:,} are expected")


def _check_classes(folder: Path, facts: DataFacts, name: str) -> None:
    found = count_classes(folder)
    if found != facts.classes:
        raise UserError(f"{name}: {found or 'no'} classes, where {facts.classes or 'none'} are expected")
