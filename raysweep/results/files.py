"""Folders of results: on this machine's file system, or wherever pyarrow's file systems reach.

A file is named relative to its folder ("trials/a/model.pt"). A process that dies leaves each file whole or absent.
"""

import contextlib
import os
import re
import shutil
import tempfile
import uuid
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, TypeVar

from typing_extensions import override

from raysweep.errors import UserError
from raysweep.results.patience import patiently

Location = str | os.PathLike[str]
"""A folder as the user names it: a path or a URL."""
Writer = Callable[[BinaryIO], object]
"""Writes a file's content into an open file, so that checkpoints of gigabytes need not be built in memory first."""

CHUNK = 8 * 2**20
"""Bytes that are copied at once."""
URL = re.compile(r"[A-Za-z][\w+.-]+:/")
"""Does not match "C:/results", which is a path."""

Result = TypeVar("Result")


class Folder(ABC):
    """A folder, and all operations on the files in it."""

    path: Path | None
    """Its path on this machine's file system; None if it is elsewhere."""

    @abstractmethod
    def locate(self, name: str = "") -> str:
        """The folder, or a file in it, as the user would name it: an absolute path or a URL."""

    @override
    def __str__(self) -> str:
        return self.locate()

    @abstractmethod
    def reach(self) -> None:
        """Checks that the folder exists or could be made.

        Raises:
            UserError: it could not.
        """

    @abstractmethod
    def check(self) -> None:
        """Makes the folder, and checks that files can be written into it.

        Raises:
            UserError: they cannot.
        """

    @abstractmethod
    def read(self, name: str) -> bytes:
        """A file's content.

        Raises:
            FileNotFoundError: there is none.
        """

    def read_all(self, names: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """Names and contents of those of the files that exist, in the given order."""
        for name in names:
            with contextlib.suppress(FileNotFoundError):
                yield name, self.read(name)

    @abstractmethod
    def open(self, name: str) -> BinaryIO:
        """Opens a file for reading at any position.

        Raises:
            FileNotFoundError: there is none.
        """

    @abstractmethod
    def write(self, name: str, write: Writer) -> None:
        """Writes a file whole, in place of an earlier one; if that fails, the earlier one stays.

        Raises:
            StorageError: there is no room for it, or it could not be sent.
        """

    def send(self, source: Path, name: str) -> None:
        """Copies a file of this machine into the folder, whole as well."""
        with source.open("rb") as file:
            self.write(name, lambda out: shutil.copyfileobj(file, out, CHUNK))

    @abstractmethod
    def delete(self, name: str) -> None:
        """Removes a file, if there is one."""

    def delete_all(self, names: Iterable[str]) -> None:
        """Removes those of the files that exist."""
        for name in names:
            self.delete(name)

    @abstractmethod
    def exists(self, name: str = "") -> bool:
        """Whether there is such a file, or such a folder."""

    @abstractmethod
    def tree(self, name: str) -> set[str]:
        """Names of all files in a folder, and in the folders in it."""

    @abstractmethod
    def mirror(self, name: str) -> "Mirror":
        """A mirror of a folder in this one, for a program that writes to this machine's file system only."""


class Mirror:
    """A mirror of a folder that is itself on this machine's file system."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def names(self) -> set[str]:
        """Names of the files in the results' folder."""
        return {path.name for path in self.path.glob("*")}

    def copy(self) -> None:
        """Copies everything that was written so far into the results."""

    def close(self) -> None:
        """Copies for the last time."""


class LocalFolder(Folder):
    """A folder of this machine's file system, which other machines may share."""

    path: Path

    def __init__(self, path: Path) -> None:
        try:
            self.path = path.absolute()
        except FileNotFoundError as error:
            raise UserError(
                f"folder {path}: the working directory, which it lies in, is gone; change to one that is there"
            ) from error

    @override
    def locate(self, name: str = "") -> str:
        return str(self._at(name))

    @override
    def reach(self) -> None:
        try:
            above = next(path for path in (self.path, *self.path.parents) if path.exists())
        except OSError as error:  # for example, a name that is too long
            raise UserError(
                f"results folder {self}: cannot be used ({error.strerror}); name another with --results DIR"
            ) from error
        if not above.is_dir():
            raise UserError(f"results folder {self}: {above} is a file; name another with --results DIR")

    @override
    def check(self) -> None:
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            tempfile.TemporaryFile(dir=self.path).close()
        except OSError as error:
            raise UserError(
                f"results folder {self}: cannot be written ({error.strerror}); name another with --results DIR"
            ) from error

    @override
    def read(self, name: str) -> bytes:
        return self._at(name).read_bytes()

    @override
    def open(self, name: str) -> BinaryIO:
        return self._at(name).open("rb")

    @override
    def write(self, name: str, write: Writer) -> None:
        """Writes the file under a temporary name, and renames it. Failures are retried."""
        patiently(lambda: self._write_once(name, write), f"results folder {self}: {name} cannot be written")

    def _write_once(self, name: str, write: Writer) -> None:
        path = self._at(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}.part")
        try:
            with temporary.open("wb") as file:
                write(file)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)

    @override
    def delete(self, name: str) -> None:
        self._at(name).unlink(missing_ok=True)

    @override
    def exists(self, name: str = "") -> bool:
        return self._at(name).exists()

    @override
    def tree(self, name: str) -> set[str]:
        root = len(str(self.path)) + 1
        found = os.walk(self._at(name))
        return {os.path.join(folder, file)[root:] for folder, _, files in found for file in files}  # noqa: PTH118 - fast

    @override
    def mirror(self, name: str) -> Mirror:
        return Mirror(self._at(name))

    def _at(self, name: str) -> Path:
        return self.path / inside(name)


def inside(name: str) -> str:
    """The name of a file, which must not lead out of its folder.

    Raises:
        ValueError: it does.
    """
    if name.startswith("/") or ".." in name.split("/"):
        raise ValueError(f"file {name!r}: leads out of the results folder")
    return name


def join(location: Location, name: str) -> str:
    """The path or URL of a file or folder in the folder at a path or URL."""
    text = os.fspath(location)
    if not URL.match(text):
        return str(Path(text) / name)
    path, mark, options = text.partition("?")
    return f"{path.rstrip('/')}/{name}{mark}{options}"
