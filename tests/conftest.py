"""What all tests share: hypothesis sets no time limits, since a busy machine is no defect; and an S3 server."""

from collections.abc import Iterator

import pytest
from hypothesis import settings

from raysweep import files
from s3_server import S3Server, s3_server

settings.register_profile("patient", deadline=None)
settings.load_profile("patient")


@pytest.fixture(scope="session")
def server() -> Iterator[S3Server]:
    with s3_server() as found:
        yield found


@pytest.fixture
def bucket(server: S3Server, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[str]:
    """URL of an empty bucket, in an environment in which it can be used."""
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(files, "PAUSES", (0.01, 0.01))
    name = f"bucket-{abs(hash(request.node.nodeid))}"
    server.make_bucket(name)
    server.requests.clear()
    yield f"s3://{name}"
    server.fails = lambda request: False
