"""What all tests share: hypothesis sets no time limits, since a busy machine is no defect; and object stores."""

from collections.abc import Iterator

import pytest
from hypothesis import settings

from other_stores import OtherStore, azure_store, google_store, why_not_azure
from raysweep import patience
from s3_server import S3Server, s3_server

settings.register_profile("patient", deadline=None)
settings.load_profile("patient")


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
