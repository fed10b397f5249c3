"""Data sets: read once per node into memory-mapped arrays."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from raysweep.data.cache import CONTENT, cache_folder, cached_folder, count_classes, fill, open_split
from raysweep.data.images import DataSet, Images
from raysweep.data.source import Source
from raysweep.errors import UserError
from raysweep.seeding import derive_seed
from raysweep.study.architecture import ImageShape
from raysweep.study.data import DataFacts, DataSettings


def load_data(settings: DataSettings, root: Path, cache: Path | None = None) -> DataSet:
    """The data set, memory-mapped: processes of a node share its pages, and only the first one reads the source.

    With a `limit` the training images are a seeded choice, copied; a smaller limit's choice is part of a larger one's.

    Args:
        settings: which data set.
        root: data folder, where it is found or downloaded to.
        cache: where the arrays are kept; see `cache_folder` for the default.

    Raises:
        UserError: the data are missing, damaged or not as many as they must be, or others than the settings name; or
            the cache cannot be written.
    """
    source = _source(settings, root)
    folder = cached_folder(cache or cache_folder(), settings, source)
    if not folder.is_dir():
        fill(folder, source, settings.full_facts(root), "" if settings.named else settings.content_of(root))
    content = (folder / CONTENT).read_text()
    if settings.content not in {"", content}:
        raise UserError(
            f"{source.name}: its files have the content {content} on this machine now, and {settings.content} where "
            "the run began; put the same files there, and run the same command again"
        )
    train, validation = open_split(folder, "train"), open_split(folder, "validation")
    channels, size = train.pixels.shape[1:3]
    points = train.pixels.dtype != np.uint8
    kept = train if settings.limit is None else _limited(train, settings.limit)
    facts = DataFacts(ImageShape(channels, size), len(kept), len(validation), count_classes(folder), points)
    return DataSet(facts, kept, validation)


@dataclass(frozen=True)
class Presence:
    """Whether a machine has a data set, and where, or what is missing."""

    found: bool
    words: str
    fetched: bool = False
    """Whether `load_data` would download it."""


def find_data(settings: DataSettings, root: Path, cache: Path | None = None) -> Presence:
    """Whether `load_data` would find the data set without downloading it. Reads no pixels, raises nothing."""
    try:
        source = _source(settings, root)
        if cached_folder(cache or cache_folder(), settings, source).is_dir():
            where = "in the cache"
        elif source.needs is None or source.needs.exists():
            where = f"in {root}" if source.needs else "needs no files"
        else:
            return Presence(False, f"{source.needs} is not there", source.fetched)
        return Presence(True, "; ".join([where, *settings.facts(root).remarks]))
    except (UserError, OSError) as error:
        return Presence(False, str(error))


def _source(settings: DataSettings, root: Path) -> Source:
    read: Callable[[DataSettings, Path], Source] = settings.implementation()
    return read(settings, root)


def _limited(images: Images, limit: int) -> Images:
    chosen = np.random.default_rng(derive_seed("limit")).permutation(len(images))[:limit]
    chosen.sort()
    return Images(images.pixels[chosen], None if images.labels is None else images.labels[chosen])
