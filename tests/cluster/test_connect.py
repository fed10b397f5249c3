import platform
import socket
import time
from pathlib import Path

import pytest
import ray

from raysweep.cluster import connect
from raysweep.cluster.connect import connected
from raysweep.errors import UserError

OURS = (ray.__version__, platform.python_version())
PATCH = f"{platform.python_version()}0"
"""Python of another patch release."""


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


def test_no_cluster_to_join_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**options: object) -> None:
        assert options["address"] == "auto"
        raise ConnectionError("Could not find any running Ray instance.")

    # Asked for "auto", Ray joins whatever runs on this machine, so what it answers here cannot be relied on.
    monkeypatch.setattr("ray.init", refuse)
    monkeypatch.setattr("raysweep.cluster.connect._known_address", lambda: None)
    with pytest.raises(UserError, match=r"Ray cluster auto: cannot be joined .*Could not find"), connected("auto"):
        pass


def test_a_cluster_that_is_gone_is_not_waited_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    monkeypatch.setenv("RAY_TMPDIR", str(tmp_path))
    (tmp_path / "ray").mkdir()
    (tmp_path / "ray" / "ray_current_cluster").write_text(f"127.0.0.1:{free_port()}")
    with pytest.raises(UserError, match="nothing answers"), connected("auto"):
        pass


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.mark.parametrize(
    ("ray_version", "python_version", "level"),
    [("2.50.0", OURS[1], "patch"), (OURS[0], "3.9.1", "patch"), (OURS[0], "3.9.1", "minor"), (OURS[0], PATCH, "patch")],
)
def test_other_versions_are_said_before_ray_joins(
    monkeypatch: pytest.MonkeyPatch, ray_version: str, python_version: str, level: str
) -> None:
    monkeypatch.setenv("RAY_DEFAULT_PYTHON_VERSION_MATCH_LEVEL", level)
    monkeypatch.setattr(connect, "_probe", lambda _: None)
    monkeypatch.setattr(connect, "_head_versions", lambda _: (ray_version, python_version))
    monkeypatch.setattr("ray.init", None)
    with pytest.raises(UserError) as refused, connected("10.0.0.5:6379"):
        pass
    said = str(refused.value)
    assert (
        f"it runs Ray {ray_version} on Python {python_version}, this machine Ray {OURS[0]} on Python {OURS[1]}" in said
    )
    assert "install the same on all machines" in said


def test_equal_versions_are_joined(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connect, "_head_versions", lambda _: OURS)
    connect._check_versions("10.0.0.5:6379")
    monkeypatch.setenv("RAY_DEFAULT_PYTHON_VERSION_MATCH_LEVEL", "minor")
    monkeypatch.setattr(connect, "_head_versions", lambda _: (OURS[0], PATCH))
    connect._check_versions("10.0.0.5:6379")


def test_a_server_of_something_else_is_not_taken_for_a_head(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connect, "HEAD_SECONDS", 1.0)
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        address = f"127.0.0.1:{other.getsockname()[1]}"
        with pytest.raises(UserError, match=r"does not answer as a Ray head does \(no answer in 1 s\)"):
            connect._check_versions(address)
