import contextlib
import os
import platform
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import grpc
import pytest
import ray
from ray._private.utils import check_version_info
from ray.core.generated import ray_client_pb2, ray_client_pb2_grpc
from ray.core.generated.gcs_pb2 import GcsNodeInfo

from raysweep.errors import UserError
from raysweep.execution.cluster import connect
from raysweep.execution.cluster.connect import connected

OURS = (ray.__version__, platform.python_version())
PATCH = f"{platform.python_version()}0"
"""Python of another patch release."""
OTHER = (
    f"Ray cluster {{}}: it runs Ray {{}} on Python {{}}, this machine Ray {OURS[0]} on Python {OURS[1]}, and they must "
    "be equal; install the same on all machines (one image, or one constraints.txt)"
)


@pytest.mark.parametrize("address", ["nowhere", "10001", "host:", "ray://host"])
def test_what_is_not_an_address_is_refused(address: str) -> None:
    with pytest.raises(UserError, match="give auto, HOST:PORT"), connected(address):
        pass


def test_a_dead_address_fails_at_once() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]  # bound, but nobody listens
        began = time.monotonic()
        with pytest.raises(UserError, match=f"127.0.0.1:{port}: nothing answers"), connected(f"127.0.0.1:{port}"):
            pass
    assert time.monotonic() - began < 30  # Ray itself hangs for minutes


def test_the_code_of_this_machine_is_found() -> None:
    """A cluster's workers run it."""
    packages = [Path(folder) for folder in connect._packages()]
    assert [folder.name for folder in packages] == ["raysweep", "search_spaces", "analysis"]
    assert all((folder / "__init__.py").is_file() for folder in packages[1:])
    assert (packages[0] / "run.py").is_file()


@pytest.fixture
def notes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Where Ray would note the cluster that `ray start` starts or joins."""
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    monkeypatch.setenv("RAY_TMPDIR", str(tmp_path))
    (tmp_path / "ray").mkdir()
    return tmp_path / "ray" / "ray_current_cluster"


@pytest.mark.usefixtures("notes")
def test_a_ray_that_a_program_runs_for_itself_is_not_joined(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ray.init", None)
    monkeypatch.setattr("ray._private.services.find_gcs_addresses", lambda: {"10.0.0.5:6379"})
    with pytest.raises(UserError, match="no Ray cluster was started on this machine"), connected("auto"):
        pass


def test_the_noted_cluster_is_joined_by_its_address(monkeypatch: pytest.MonkeyPatch, notes: Path) -> None:
    joined: list[str] = []

    def join(address: str, **options: object) -> None:
        joined.append(address)
        raise ConnectionError("not today")

    notes.write_text("10.0.0.5:6379")
    monkeypatch.setattr(connect, "_probe", lambda _: None)
    monkeypatch.setattr(connect, "_check_server", lambda _: None)
    monkeypatch.setattr("ray.init", join)
    with (
        pytest.raises(UserError, match=r"Ray cluster 10.0.0.5:6379: cannot be joined \(not today\)"),
        connected("auto"),
    ):
        pass
    assert joined == ["10.0.0.5:6379"]


def test_whose_cluster_it_is_is_said(monkeypatch: pytest.MonkeyPatch, notes: Path) -> None:
    notes.write_text("10.0.0.5:6379")
    assert connect._known_address() == ("10.0.0.5:6379", "")
    monkeypatch.setattr("os.getuid", lambda: notes.stat().st_uid + 1)
    assert connect._known_address() == ("10.0.0.5:6379", f" of user {notes.owner()}")
    monkeypatch.setenv("RAY_ADDRESS", "10.0.0.6:6379")
    assert connect._known_address() == ("10.0.0.6:6379", ", named by RAY_ADDRESS")


def test_a_cluster_that_is_gone_is_not_waited_for(notes: Path) -> None:
    notes.write_text(f"127.0.0.1:{free_port()}")
    with pytest.raises(UserError, match="nothing answers"), connected("auto"):
        pass


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.fixture
def a_head(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Pretends that a head of these versions is there, and a node of its cluster here."""

    def head(ray_version: str, python_version: str) -> None:
        found = {"ray_version": ray_version, "python_version": python_version}
        states = {b"here": GcsNodeInfo.ALIVE, b"gone": GcsNodeInfo.DEAD}
        nodes = {identity: SimpleNamespace(state=state) for identity, state in states.items()}
        monkeypatch.setattr("ray._common.usage.usage_lib.get_cluster_metadata", lambda _: found)
        client = SimpleNamespace(get_all_node_info=lambda timeout: nodes)
        monkeypatch.setattr("ray._raylet.GcsClient", lambda address: client)
        monkeypatch.setattr("ray._private.services.find_node_ids", lambda: {b"here".hex()})

    return head


@pytest.mark.parametrize(
    ("ray_version", "python_version", "level"),
    [("2.50.0", OURS[1], "patch"), (OURS[0], "3.9.1", "patch"), (OURS[0], "3.9.1", "minor"), (OURS[0], PATCH, "patch")],
)
def test_other_versions_are_said_before_ray_joins(
    monkeypatch: pytest.MonkeyPatch, a_head: Any, ray_version: str, python_version: str, level: str
) -> None:
    monkeypatch.setenv("RAY_DEFAULT_PYTHON_VERSION_MATCH_LEVEL", level)
    monkeypatch.setattr(connect, "_probe", lambda _: None)
    monkeypatch.setattr(connect, "_ping", lambda _: ("UNIMPLEMENTED", ""))
    monkeypatch.setattr("ray.init", None)
    a_head(ray_version, python_version)
    with pytest.raises(UserError) as refused, connected("10.0.0.5:6379"):
        pass
    assert str(refused.value) == OTHER.format("10.0.0.5:6379", ray_version, python_version)


def test_equal_versions_are_joined(monkeypatch: pytest.MonkeyPatch, a_head: Any) -> None:
    a_head(*OURS)
    connect._check_head("10.0.0.5:6379")
    monkeypatch.setenv("RAY_DEFAULT_PYTHON_VERSION_MATCH_LEVEL", "minor")
    a_head(OURS[0], PATCH)
    connect._check_head("10.0.0.5:6379")


def test_a_machine_that_is_not_a_node_is_told_the_ways(monkeypatch: pytest.MonkeyPatch, a_head: Any) -> None:
    a_head(*OURS)
    monkeypatch.setattr("ray._private.services.find_node_ids", lambda: {b"gone".hex(), b"other".hex()})
    with pytest.raises(
        UserError, match=r"not one of its nodes; go through .* --cluster ray://10.0.0.5:10001, run this"
    ):
        connect._check_head("10.0.0.5:6379")


def test_other_versions_that_rays_client_finds_are_said_alike() -> None:
    """In Ray's own words, which it raises once the client is connected."""
    with pytest.raises(RuntimeError) as raised:
        check_version_info({"ray_version": "2.53.0", "python_version": "3.12.1"}, "Ray Client")
    assert str(connect._not_joined("ray://h:1", str(raised.value))) == OTHER.format("ray://h:1", "2.53.0", "3.12.1")


def test_of_a_traceback_the_cause_is_said() -> None:
    said = connect._not_joined(
        "ray://h:1", "Failed:\nTraceback (most recent call last):\n  x\nRuntimeError: full disk\n"
    )
    assert "cannot be joined (RuntimeError: full disk)" in str(said)


class Client(ray_client_pb2_grpc.RayletDriverServicer):
    """A server of Ray's client, which lets in who has this token."""

    def ClusterInfo(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802 # gRPC's name for it
        if ("authorization", "Bearer right") not in context.invocation_metadata():
            context.abort(grpc.StatusCode.UNAUTHENTICATED, "Invalid or missing authentication token")
        return ray_client_pb2.ClusterInfoResponse(json="{}")


@contextlib.contextmanager
def grpc_server(*servicers: Client) -> Iterator[str]:
    """Where it listens. To Ray's client, one that serves nothing looks like a head."""
    with ThreadPoolExecutor(1) as threads:
        server = grpc.server(threads)
        for servicer in servicers:
            ray_client_pb2_grpc.add_RayletDriverServicer_to_server(servicer, server)
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        try:
            yield f"127.0.0.1:{port}"
        finally:
            server.stop(None).wait()


@contextlib.contextmanager
def http_server() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@contextlib.contextmanager
def silent_server() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


@pytest.mark.parametrize("scheme", ["", "ray://"])
@pytest.mark.parametrize(
    ("server", "reason"), [(http_server, "UNAVAILABLE: .*HTTP/2.*"), (silent_server, "no answer in 0.5 s")]
)
def test_a_server_of_something_else_is_told_from_ray(
    monkeypatch: pytest.MonkeyPatch, scheme: str, server: Any, reason: str
) -> None:
    monkeypatch.setattr(connect, "ANSWER_SECONDS", 0.5)
    with server() as place, pytest.raises(UserError, match=rf"{place}: .* not answer as Ray does \({reason}\); give"):
        connect._check_server(scheme + place)


def test_the_ports_of_a_head_and_of_rays_client_are_told_apart() -> None:
    with grpc_server() as place:
        with pytest.raises(UserError, match=rf"not the port of Ray's client .* write {place}$"):
            connect._check_server(f"ray://{place}")
        with pytest.raises(UserError, match="does not answer as Ray does"):
            connect._check_server(place)  # another server of gRPC
    with grpc_server(Client()) as place, pytest.raises(UserError, match=rf"Ray's client; write ray://{place}$"):
        connect._check_server(place)


@pytest.fixture
def no_token(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("RAY_AUTH_MODE", "RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH"):
        monkeypatch.setenv(name, "")  # so that it is afterwards as it was before
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({}, "asks for a token, and this machine has none; copy ~/.ray/auth_token"),
        ({"RAY_AUTH_TOKEN": "wrong"}, "asks for a token, and this machine has another one; copy ~/.ray/auth_token"),
        ({"RAY_AUTH_MODE": "disabled"}, "asks for a token; unset RAY_AUTH_MODE, which is `disabled` here"),
    ],
)
@pytest.mark.usefixtures("no_token")
def test_a_token_that_is_not_accepted_is_said_at_once(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], said: str
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with grpc_server(Client()) as place, pytest.raises(UserError, match=f"ray://{place}: it {said}"):
        connect._check_server(f"ray://{place}")


@pytest.mark.parametrize("content", [None, " "])
@pytest.mark.usefixtures("no_token")
def test_a_token_that_is_not_there_is_said_before_ray_ends_the_process(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: str | None
) -> None:
    monkeypatch.setenv("RAY_AUTH_MODE", "token")
    with pytest.raises(UserError, match="RAY_AUTH_MODE=token: this machine has no token; copy"), connected("h:1"):
        pass
    named = tmp_path / "token"
    if content is not None:
        named.write_text(content)
    monkeypatch.setenv("RAY_AUTH_TOKEN_PATH", str(named))
    for address in (None, "h:1"):
        with pytest.raises(UserError, match=f"RAY_AUTH_TOKEN_PATH={named}: no token can be read"), connected(address):
            pass


@pytest.mark.usefixtures("no_token")
def test_a_token_that_is_there_is_sent(tmp_path: Path) -> None:
    (tmp_path / ".ray").mkdir()
    (tmp_path / ".ray" / "auth_token").write_text("right")
    connect._use_token(None)
    assert "RAY_AUTH_MODE" not in os.environ
    connect._use_token("h:1")
    assert os.environ["RAY_AUTH_MODE"] == "token"
