"""Data sets that torchvision can download: found in the data folder, or downloaded into it by one process at a time."""

import contextlib
import io
import logging
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from filelock import FileLock

from raysweep.errors import UserError

T = TypeVar("T")

_logger = logging.getLogger(__name__)


def open_or_download(name: str, layout: str, root: Path, open_set: Callable[[bool], T]) -> T:
    """The result of `open_set(False)`, which must not write; or, if that fails, of `open_set(True)`, which downloads.

    Args:
        name: the data set's name, for messages.
        layout: where its files lie under `root`, for messages.
        root: the data folder; it may be read-only if the data are there.
        open_set: opens the data set, and raises if it cannot; told whether to download.

    Raises:
        UserError: the data are not there, or unusable, and cannot be downloaded.
    """
    # Missing and damaged files raise exceptions of many kinds in torchvision. None is lost: it is raised again below.
    with contextlib.suppress(Exception):
        return open_set(False)
    _logger.info("%s: not found in %s; downloading", name, root)
    try:
        root.mkdir(parents=True, exist_ok=True)
        lock, silence = FileLock(root / ".raysweep-download.lock"), io.StringIO()
        with lock, contextlib.redirect_stdout(silence), contextlib.redirect_stderr(silence):
            return open_set(True)
    except Exception as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise UserError(
            f"{name}: cannot be read from {root} or downloaded into it ({reason}). "
            f"Name the folder that holds it with --data DIR; expected is DIR/{layout}"
        ) from error
