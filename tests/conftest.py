"""Shared by tests: hypothesis without time limits, since a busy machine is no defect; object stores; results."""

import os
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from filelock import FileLock
from hypothesis import settings

from raysweep.execution import pipeline
from raysweep.execution.plan import make_plan
from raysweep.execution.serial import SerialBackend
from raysweep.execution.tasks import Workplace
from raysweep.results import patience
from raysweep.results.gathering import gather
from support.other_stores import OtherStore, azure_store, google_store, why_not_azure
from support.runs import Recorder
from support.s3_server import S3Server, s3_server
from support.small_study import STUDY

# The same examples in every run, so that a failure is due to a change. `make explore` tries other ones.
settings.register_profile("same", deadline=None, derandomize=True)
settings.register_profile("explore", deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # a shell's background jobs ignore Ctrl-C, which tests send
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with slow tests come first, so that processes that share the files end at about the same time."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


@pytest.fixture(scope="session")
def server() -> Iterator[S3Server]:
    with s3_server() as found:
        yield found


@pytest.fixture
def s3(server: S3Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[S3Server]:
    """The server, in an environment in which it is used."""
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(patience, "sleep", lambda seconds: None)
    yield server
    server.fails, server.error = S3Server.fails, S3Server.error


@pytest.fixture
def bucket(s3: S3Server, request: pytest.FixtureRequest) -> str:
    """URL of an empty bucket of it."""
    name = f"bucket-{abs(hash(request.node.nodeid))}"
    s3.make_bucket(name)
    s3.requests.clear()
    return f"s3://{name}"


@pytest.fixture(scope="session")
def google_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OtherStore]:
    with google_store(tmp_path_factory.mktemp("google")) as found:
        yield found


@pytest.fixture(scope="session")
def azure_server() -> Iterator[OtherStore]:
    if reason := why_not_azure():
        pytest.skip(reason)
    with azure_store() as found:
        yield found


@pytest.fixture
def google(google_server: OtherStore, monkeypatch: pytest.MonkeyPatch) -> str:
    """URL of what stands in for Google's store, in an environment in which it is used."""
    return google_server.use(monkeypatch)


@pytest.fixture
def azure(azure_server: OtherStore, monkeypatch: pytest.MonkeyPatch) -> str:
    """The same of Microsoft's."""
    return azure_server.use(monkeypatch)


def once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Path:
    """A folder that one of the processes of this run of the tests makes, and all of them use."""
    base = factory.getbasetemp()
    folder = (base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base) / name
    made = folder.with_suffix(".made")
    with FileLock(folder.with_suffix(".lock")):
        if not made.exists():
            make(folder)
            made.touch()
    return folder


@pytest.fixture(scope="session")
def small_computed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small study computed in one process, before its tables were gathered. No test may change it."""

    def compute(folder: Path) -> None:
        folder.mkdir()
        place = Workplace(folder, folder)
        plan = make_plan(STUDY, STUDY.data.facts(folder), place.store)
        pipeline.work(plan, place, SerialBackend(), Recorder(), ["train", "measure"])

    return once(tmp_path_factory, "computed", compute)


@pytest.fixture(scope="session")
def small_results(small_computed: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Results of the small study from one process, which no test may change."""

    def complete(folder: Path) -> None:
        shutil.copytree(small_computed, folder)
        gather(Workplace(folder, folder).store, STUDY, STUDY.data.facts(folder))

    return once(tmp_path_factory, "small", complete)
