"""Folders of results: the same wherever they lie, whole files only, and what fails is tried again."""

import errno
import shutil
import tempfile
from pathlib import Path
from typing import BinaryIO

import pytest

from raysweep.results.files import Folder, LocalFolder
from raysweep.results.patience import StorageError
from raysweep.results.remote import open_folder


def put(folder: Folder, name: str, content: bytes) -> None:
    folder.write(name, lambda file: file.write(content))


def test_what_is_written_is_read_and_listed(folder: Folder) -> None:
    folder.check()
    assert (folder.tree(""), folder.tree("a"), folder.exists("a")) == (set(), set(), False)
    put(folder, "a/b/one", b"first")
    put(folder, "a/b/one", b"second")
    put(folder, "a/two", b"")
    assert folder.read("a/b/one") == b"second"
    assert folder.tree("a") == {"a/b/one", "a/two"}
    assert [folder.exists(name) for name in ("", "a", "a/two", "a/b/one", "a/b/two", "b")] == [True] * 4 + [False] * 2
    assert list(folder.read_all(["a/two", "a/none", "a/b/one"])) == [("a/two", b""), ("a/b/one", b"second")]
    with folder.open("a/b/one") as file:
        file.seek(2)
        assert file.read(3) == b"con"
    folder.delete("a/two")
    folder.delete("a/two")
    assert folder.tree("a") == {"a/b/one"}


def test_a_file_that_is_not_there_is_not_found(folder: Folder) -> None:
    for read in (folder.read, folder.open):
        with pytest.raises(FileNotFoundError):
            read("a/none")


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "full"), KeyboardInterrupt()], ids=["error", "ctrl-c"])
def test_a_write_that_ends_early_leaves_the_old_file_and_nothing_else(folder: Folder, error: BaseException) -> None:
    put(folder, "a/one", b"old")

    def dies(file: BinaryIO) -> None:
        file.write(b"half")
        raise error

    with pytest.raises(type(error)):
        folder.write("a/one", dies)
    assert folder.read("a/one") == b"old"
    assert folder.tree("") == {"a/one"}


def test_until_all_of_a_file_is_written_the_old_one_is_there(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    put(folder, "a/one", b"old")
    seen = []

    def copy_and_look(source: BinaryIO, target: BinaryIO, length: int = 0) -> None:
        target.write(source.read())
        seen.append(folder.read("a/one"))

    monkeypatch.setattr(shutil, "copyfileobj", copy_and_look)
    with tempfile.NamedTemporaryFile() as file:
        file.write(b"new")
        file.flush()
        folder.send(Path(file.name), "a/one")
    assert (seen, folder.read("a/one")) == ([b"old"], b"new")


def test_a_full_disk_is_said_with_the_file(tmp_path: Path) -> None:
    def is_full(file: BinaryIO) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    folder = open_folder(tmp_path)
    with pytest.raises(StorageError, match=rf"results folder {tmp_path}: a/one cannot be written \(No space left"):
        folder.write("a/one", is_full)
    assert folder.tree("") == set()


def test_a_mirror_has_what_was_written_to_it_so_far(folder: Folder) -> None:
    mirror = folder.mirror("board/t")
    (mirror.path / "inner").mkdir(parents=True)
    (mirror.path / "inner" / "events").write_bytes(b"one")
    mirror.copy()
    assert folder.read("board/t/inner/events") == b"one"
    (mirror.path / "inner" / "events").write_bytes(b"one, two")
    mirror.close()
    assert folder.read("board/t/inner/events") == b"one, two"
    assert mirror.path.exists() == isinstance(folder, LocalFolder)
