"""Errors of storage: retried while they may pass, and then reported as what they are."""

import errno
import random
from collections.abc import Callable
from time import monotonic, sleep
from typing import TypeVar

PATIENCE = 120.0
"""Seconds for which failed operations on storage are retried, in addition to a connection's own retries."""
LONGEST_PAUSE = 15.0
FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
LASTING = FULL | {errno.EROFS, errno.EACCES, errno.EPERM, errno.ENAMETOOLONG, errno.ELOOP, errno.EISDIR}
"""Errors that another try does not mend."""

Result = TypeVar("Result")


class StorageError(OSError):
    """Storage could not be read or written in spite of retries; the same command may work later."""


def _reason(error: OSError) -> str:
    return error.strerror or str(error)


class Patience:
    """Waits between one try and the next: about 0.5 s, 1 s, 2 s …, until `PATIENCE` seconds have gone by."""

    def __init__(self) -> None:
        self.began = monotonic()
        self.pause = 0.5

    def wait(self, error: OSError, problem: str, reason: Callable[[OSError], str] = _reason) -> None:
        """Waits before the next try.

        Raises:
            StorageError: the error is of a kind that does not pass by itself, or the operation was retried for
            `PATIENCE` seconds.
        """
        if error.errno in LASTING:
            remedy = "; make room on the disk" if error.errno in FULL else ""
            raise StorageError(f"{problem} ({reason(error)}){remedy}") from error
        if monotonic() - self.began >= PATIENCE:
            raise StorageError(f"{problem} ({reason(error)}), tried for {PATIENCE:.0f} s") from error
        sleep(self.pause * random.uniform(0.5, 1.5))  # so that not all workers retry at once
        self.pause = min(2 * self.pause, LONGEST_PAUSE)


def patiently(act: Callable[[], Result], problem: str, reason: Callable[[OSError], str] = _reason) -> Result:
    """Does an operation on storage, and retries it if it fails.

    Raises:
        StorageError: see `Patience`.
        FileNotFoundError, NotADirectoryError, FileExistsError: at once, where a file is missing, or stands in the place
        of a folder.
    """
    patience = Patience()
    while True:
        try:
            return act()
        except (FileNotFoundError, NotADirectoryError, FileExistsError, StorageError):
            raise
        except OSError as error:
            patience.wait(error, problem, reason)
