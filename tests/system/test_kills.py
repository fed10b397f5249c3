"""Killed at random moments, the same command continues, and the tables come out the same, value for value.

`RAYSWEEP_KILLS=10 pytest tests/system/test_kills.py` kills so often; by default it is few, to keep the tests
quick. Each kill of a driver on Ray costs the start of another Ray: `make faults` does that more often.
"""

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import psutil
import pytest

from raysweep.execution.serial import SerialBackend
from raysweep.results.store import StudyStore
from raysweep.tuning.run import run_tuning
from raysweep.tuning.search import Search
from support import small_study
from support.processes import LONGEST_RUN, descendants, wait_for_work
from support.runs import TABLES, Recorder, tables
from support.tiny_tuning import SHORT, study_file, workplace

pytestmark = [pytest.mark.slow, pytest.mark.soak]

KILLS = os.environ.get("RAYSWEEP_KILLS", "")
STUDY_FILE = Path(small_study.__file__)


def command(results: Path, *options: str) -> list[str]:
    steps = ["--only", "train,measure"]
    return [sys.executable, "-m", "raysweep.run", str(STUDY_FILE), *steps, "--results", str(results), *options]


def run_to_the_end(results: Path, *options: str) -> dict[str, pd.DataFrame]:
    subprocess.run(command(results, *options), check=True, timeout=LONGEST_RUN, stdout=subprocess.DEVNULL)
    return tables(results / "small")


def is_worker(process: psutil.Process) -> bool:
    return process.name().startswith("ray::") and not process.name().endswith("Agent")


@pytest.fixture(scope="module")
def undisturbed(small_results: Path) -> dict[str, pd.DataFrame]:
    return tables(small_results)


def assert_same(found: dict[str, pd.DataFrame], expected: dict[str, pd.DataFrame]) -> None:
    for name, table in expected.items():
        pd.testing.assert_frame_equal(found[name], table, check_exact=True)


@pytest.mark.parametrize(
    ("options", "kills"), [(["--serial"], 2), pytest.param([], 1, marks=pytest.mark.ray)], ids=["serial", "ray"]
)
def test_the_driver_is_killed(
    options: list[str], kills: int, undisturbed: dict[str, pd.DataFrame], tmp_path: Path
) -> None:
    moments = random.Random(os.urandom(8))
    killed = 0
    orphans: list[psutil.Process] = []  # Ray's, some of which write on beside the next run: that must not matter
    try:
        for _ in range(int(KILLS or kills)):
            process = subprocess.Popen(command(tmp_path, *options), stdout=subprocess.DEVNULL)
            try:
                wait_for_work(process, tmp_path)
                time.sleep(moments.uniform(0, 3))
                orphans += descendants(process, lambda child: True) if process.poll() is None else []
            finally:
                process.kill()
            killed += process.wait() == -signal.SIGKILL
        assert killed > 0
        assert_same(run_to_the_end(tmp_path, *options), undisturbed)
    finally:
        for orphan in orphans:
            with contextlib.suppress(psutil.NoSuchProcess):
                orphan.kill()


@pytest.mark.ray
def test_workers_are_killed(undisturbed: dict[str, pd.DataFrame], tmp_path: Path) -> None:
    moments = random.Random(os.urandom(8))
    killed = 0
    with (tmp_path / "output").open("w") as output:
        process = subprocess.Popen(command(tmp_path), stdout=output, stderr=output)
    try:
        for _ in range(int(KILLS or 2)):
            wait_for_work(process, tmp_path)
            time.sleep(moments.uniform(0, 2))
            workers = descendants(process, is_worker) if process.poll() is None else []
            if workers:
                moments.choice(workers).kill()
                killed += 1
        process.wait(LONGEST_RUN)
    finally:
        process.kill()
    assert killed > 0
    assert "raylet" not in (tmp_path / "output").read_text()  # Ray's own words for it
    # A trial gives up after some retries, and random kills may hit one more often: then the same command goes on.
    found = tables(tmp_path / "small") if process.returncode == 0 else run_to_the_end(tmp_path)
    assert_same(found, undisturbed)


@pytest.fixture(scope="module")
def undisturbed_search(tmp_path_factory: pytest.TempPathFactory) -> StudyStore:
    place = workplace(tmp_path_factory.mktemp("undisturbed"), SHORT)
    run_tuning(SHORT, place, SerialBackend(), Recorder())
    return place.store


@pytest.mark.slow
@pytest.mark.parametrize(
    ("backend", "kills"), [(["--serial"], 2), pytest.param([], 1, marks=pytest.mark.ray)], ids=["serial", "ray"]
)
def test_a_search_that_is_killed_at_random_moments_gives_the_same_tables(
    tmp_path: Path, undisturbed_search: StudyStore, backend: list[str], kills: int
) -> None:
    options = [study_file(tmp_path, SHORT), *backend, "--results", str(tmp_path)]
    command = [sys.executable, "-m", "raysweep.run", *options]
    moments, killed = random.Random(os.urandom(8)), 0
    orphans: list[psutil.Process] = []  # Ray's, some of which write on beside the next run: that must not matter
    try:
        for _ in range(int(os.environ.get("RAYSWEEP_KILLS", kills))):
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
            wait_for_work(process, tmp_path)
            time.sleep(moments.uniform(0, 1))
            orphans += descendants(process, lambda child: True) if process.poll() is None else []
            process.kill()
            killed += process.wait() == -signal.SIGKILL
        assert killed > 0
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    finally:
        for orphan in orphans:
            with contextlib.suppress(psutil.NoSuchProcess):
                orphan.kill()
    found = StudyStore(tmp_path / SHORT.name)
    for name in TABLES:
        pd.testing.assert_frame_equal(found.table(name), undisturbed_search.table(name), check_exact=True)
    assert len(Search(SHORT, found).configurations()) == SHORT.configurations
