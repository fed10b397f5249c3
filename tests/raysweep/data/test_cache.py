import os
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from raysweep.data import load_data
from raysweep.data.cache import cache_folder, cached_folder, fill, open_split
from raysweep.data.digits import digits
from raysweep.data.source import RawImages, Source
from raysweep.errors import UserError
from raysweep.study.architecture import ImageShape
from raysweep.study.data import DataFacts, Digits, ImageFolder, Split

FLAT = ImageFolder(path="flat", size=8)


def visible(cache: Path) -> list[str]:
    return sorted(path.name for path in cache.iterdir() if not path.name.endswith(".lock"))


def test_arrays_are_mapped_read_only(tmp_path: Path) -> None:
    for _ in range(2):  # as the process that wrote them, and as any other
        data = load_data(Digits(), tmp_path, tmp_path / "cache")
        for images in (data.train, data.validation):
            assert isinstance(images.pixels, np.memmap)
            assert isinstance(images.labels, np.memmap)
            assert not images.pixels.flags.writeable
        data.train.batch(np.arange(3), torch.device("cpu"))


def test_the_source_is_read_once(tmp_path: Path, write_images) -> None:
    write_images(tmp_path / "flat", 10)
    first = load_data(FLAT, tmp_path, tmp_path / "cache")
    for file in (tmp_path / "flat").iterdir():
        status = file.stat()
        file.write_bytes(b"?" * status.st_size)
        os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    second = load_data(FLAT, tmp_path, tmp_path / "cache")
    assert np.array_equal(first.train.pixels, second.train.pixels)


def test_other_files_than_the_run_began_with_are_refused(tmp_path: Path, write_images) -> None:
    write_images(tmp_path / "flat", 10)
    known = FLAT.with_content(tmp_path)
    assert len(load_data(known, tmp_path, tmp_path / "cache").train) == 8
    new = tmp_path / "flat" / "000.png"
    new.write_bytes((tmp_path / "flat" / "001.png").read_bytes())
    with pytest.raises(UserError, match=r"its files have the content .* on this machine now, and .* the run began"):
        load_data(known, tmp_path, tmp_path / "cache")


def test_a_changed_source_is_read_again(tmp_path: Path, write_images) -> None:
    write_images(tmp_path / "flat", 10)
    first = load_data(FLAT, tmp_path, tmp_path / "cache")
    new = write_images(tmp_path / "other", 1)
    (tmp_path / "other" / "000.png").replace(tmp_path / "flat" / "003.png")
    changed = load_data(FLAT, tmp_path, tmp_path / "cache")
    pixels = [image.tobytes() for image in (*changed.train.pixels, *changed.validation.pixels)]
    assert next(iter(new)) in pixels
    assert len(first.train) == len(changed.train) == 8
    (tmp_path / "flat" / "003.png").unlink()
    assert len(load_data(FLAT, tmp_path, tmp_path / "cache").train) == 7


def test_limits_share_one_copy_and_are_nested(tmp_path: Path) -> None:
    full, large, small, again = (
        load_data(Digits(limit=limit), tmp_path, tmp_path / "cache") for limit in (None, 200, 50, 50)
    )
    assert len(visible(tmp_path / "cache")) == 1
    for data, limit in ((large, 200), (small, 50)):
        assert data.facts == Digits(limit=limit).facts(tmp_path)
        assert len(data.train) == len(data.train.labels) == limit
        assert len(data.validation) == 360
    assert np.array_equal(small.train.pixels, again.train.pixels)
    rows = [
        {(pixels.tobytes(), label) for pixels, label in zip(data.train.pixels, data.train.labels, strict=True)}
        for data in (small, large, full)
    ]
    assert rows[0] < rows[1] < rows[2]


def test_a_limit_above_the_count_keeps_everything(tmp_path: Path) -> None:
    data = load_data(Digits(limit=5000), tmp_path, tmp_path / "cache")
    assert len(data.train) == data.facts.train == 1437
    assert data.facts == Digits(limit=5000).facts(tmp_path)


def test_a_failed_read_leaves_nothing_behind(tmp_path: Path, write_images) -> None:
    write_images(tmp_path / "flat", 10)
    broken = tmp_path / "flat" / "005.png"
    whole = broken.read_bytes()
    broken.write_bytes(b"")
    with pytest.raises(UserError):
        load_data(FLAT, tmp_path, tmp_path / "cache")
    assert visible(tmp_path / "cache") == []
    broken.write_bytes(whole)
    assert len(load_data(FLAT, tmp_path, tmp_path / "cache").train) == 8


def test_what_a_killed_process_left_is_written_anew(tmp_path: Path) -> None:
    folder = cached_folder(tmp_path, Digits(), digits(Digits(), tmp_path))
    part = tmp_path / f".{folder.name}.part"
    part.mkdir()
    (part / "train.npy").write_bytes(b"half")
    assert len(load_data(Digits(), tmp_path, tmp_path).train) == 1437
    assert visible(tmp_path) == [folder.name]


def test_an_unwritable_cache_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match=r"data cache .*file/below: cannot be written .*RAYSWEEP_CACHE"):
        load_data(Digits(), tmp_path, tmp_path / "file" / "below")


def test_the_cache_is_where_the_environment_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", "/home/someone")
    for name in ("RAYSWEEP_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    assert cache_folder() == Path("/home/someone/.cache/raysweep")
    monkeypatch.setenv("XDG_CACHE_HOME", "/var/xdg")
    assert cache_folder() == Path("/var/xdg/raysweep")
    monkeypatch.setenv("RAYSWEEP_CACHE", str(tmp_path / "named"))
    assert cache_folder() == tmp_path / "named"
    load_data(Digits(), tmp_path)
    assert len(visible(tmp_path / "named")) == 1


def images(count: int, size: int = 8) -> NDArray[np.uint8]:
    return np.zeros((count, 1, size, size), np.uint8)


LABELS = np.array([0, 1, 2, 0])


@pytest.mark.parametrize(
    ("train", "message"),
    [
        (RawImages([images(3)], LABELS), "made up: 3 train images, where 4 are expected"),
        (RawImages([images(4)], LABELS[:3]), "made up: 3 train labels, where 4 are expected"),
        (RawImages([images(4, 9)], LABELS), r"of shape \(1, 9, 9\), where \(1, 8, 8\) is expected"),
        (RawImages([images(4)], np.array([0, 0, 0, 0])), "made up: 2 classes, where 3 are expected"),
    ],
)
def test_what_is_read_must_match_the_facts(tmp_path: Path, train: RawImages, message: str) -> None:
    def read() -> Mapping[Split, RawImages]:
        return {"train": train, "validation": RawImages([images(1), images(1)], np.array([0, 1]))}

    with pytest.raises(UserError, match=message):
        fill(tmp_path / "set", Source("made up", "", read), DataFacts(ImageShape(1, 8), 4, 2, 3))
    assert visible(tmp_path) == []


def test_missing_labels_are_noticed(tmp_path: Path) -> None:
    source = Source("made up", "", lambda: {"train": RawImages([images(4)]), "validation": RawImages([images(2)])})
    with pytest.raises(UserError, match="made up: no classes, where 3 are expected"):
        fill(tmp_path / "set", source, DataFacts(ImageShape(1, 8), 4, 2, 3))


def test_a_large_set_is_never_whole_in_memory(tmp_path: Path) -> None:
    piece = 2**20  # bytes: 64 images of 128 × 128

    def pieces() -> Iterator[NDArray[np.uint8]]:
        for k in range(40):
            yield np.full((64, 1, 128, 128), k, np.uint8)

    def read() -> Mapping[Split, RawImages]:
        return {"train": RawImages(pieces()), "validation": RawImages([np.zeros((1, 1, 128, 128), np.uint8)])}

    tracemalloc.start()
    fill(tmp_path / "set", Source("made up", "", read), DataFacts(ImageShape(1, 128), 40 * 64, 1, None))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 5 * piece
    assert np.array_equal(open_split(tmp_path / "set", "train").pixels[::64, 0, 0, 0], np.arange(40))


WORKER = """
import logging, sys, time
from pathlib import Path
import numpy as np
from raysweep.data import load_data
from raysweep.study.data import ImageFolder

logging.basicConfig(stream=sys.stdout, level=logging.INFO, format="%(message)s")
folder, ready = Path(sys.argv[1]), Path(sys.argv[2])
ready.touch()
while not (folder / "go").exists():
    time.sleep(0.001)
data = load_data(ImageFolder(path="flat", size=8), folder, folder / "cache")
assert isinstance(data.train.pixels, np.memmap)
print("sum", data.train.pixels.sum())
"""


@pytest.mark.slow
def test_processes_that_start_together_read_once(tmp_path: Path, write_images) -> None:
    write_images(tmp_path / "flat", 300)
    ready = [tmp_path / f"ready{k}" for k in range(2)]
    command = [sys.executable, "-c", WORKER, str(tmp_path)]
    workers = [subprocess.Popen([*command, str(file)], stdout=subprocess.PIPE, text=True) for file in ready]
    while not all(file.exists() for file in ready):
        assert all(worker.poll() is None for worker in workers)
        time.sleep(0.01)
    (tmp_path / "go").touch()
    said = [worker.communicate(timeout=60)[0].splitlines() for worker in workers]
    assert [worker.returncode for worker in workers] == [0, 0]
    assert said[0][-1] == said[1][-1]
    assert sorted(len(lines) for lines in said) == [1, 3]  # only one tells of two splits that it read
    assert len(visible(tmp_path / "cache")) == 1
