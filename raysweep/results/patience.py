"""Trouble with storage: waited for while it may pass, then said as what it is."""

import errno
import random
from collections.abc import Callable
from time import monotonic, sleep
from typing import TypeVar

PATIENCE = 120.0
"""Seconds for which what the storage refuses is tried again, beside what a connection itself tries."""
LONGEST_PAUSE = 15.0
FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
LASTING = FULL | {errno.EROFS, errno.EACCES, errno.EPERM, errno.ENAMETOOLONG, errno.ELOOP, errno.EISDIR}
"""What another try does not mend."""

Result = TypeVar("Result")


class StorageError(OSError):
    """Storage could not be read or written, though it was tried for a while; the same command may work later."""


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
            StorageError: it is one of the errors that do not pass by themselves, or it has been tried for so long.
        """
        if error.errno in LASTING:
            remedy = "; make room on the disk" if error.errno in FULL else ""
            raise StorageError(f"{problem} ({reason(error)}){remedy}") from error
        if monotonic() - self.began >= PATIENCE:
            raise StorageError(f"{problem} ({reason(error)}), tried for {PATIENCE:.0f} s") from error
        sleep(self.pause * random.uniform(0.5, 1.5))  # not all workers at once
        self.pause = min(2 * self.pause, LONGEST_PAUSE)


def patiently(act: Callable[[], Result], problem: str, reason: Callable[[OSError], str] = _reason) -> Result:
    """Does what the storage may refuse, again and again if it must.

    Raises:
        StorageError: see `Patience`.
        FileNotFoundError, NotADirectoryError, FileExistsError: of a file that is not there, or is one where a folder
            must be, at once.
    """
    patience = Patience()
    while True:
        try:
            return act()
        except (FileNotFoundError, NotADirectoryError, FileExistsError, StorageError):
            raise
        except OSError as error:
            patience.wait(error, problem, reason)
