"""Processes that tests end, and how they know that these are at work."""

import contextlib
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import psutil

LONGEST_RUN = 900.0


def descendants(process: subprocess.Popen[bytes], wanted: Callable[[psutil.Process], bool]) -> list[psutil.Process]:
    found = []
    for child in psutil.Process(process.pid).children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            found += [child] if wanted(child) else []
    return found


def wait_for_work(process: subprocess.Popen[bytes], results: Path) -> None:
    """Until there is something to lose: killing a process that still loads torch tests nothing."""
    count = written(results)
    until = time.monotonic() + LONGEST_RUN
    while process.poll() is None and written(results) == count and time.monotonic() < until:
        time.sleep(0.05)


def written(results: Path) -> int:
    return sum(1 for path in results.rglob("*") if path.suffix in {".pt", ".parquet"})
