import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from raysweep.cluster.connect import connected
from raysweep.errors import UserError
from raysweep.store import StudyStore


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


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[str]:
    """The address of a Ray cluster of one node, started as an administrator starts one."""
    port, client_port = free_port(), free_port()
    start = [str(Path(sys.executable).with_name("ray")), "start", "--head", "--block", f"--port={port}", "--num-cpus=2"]
    options = ["--node-ip-address=127.0.0.1", "--include-dashboard=false", f"--ray-client-server-port={client_port}"]
    environment = {**os.environ, "RAY_USAGE_STATS_ENABLED": "0"}
    with (tmp_path / "head.log").open("w") as log:
        head = subprocess.Popen([*start, *options], env=environment, stdout=log, stderr=log)
        try:
            until = time.monotonic() + 60
            while "Ray runtime started" not in (tmp_path / "head.log").read_text() and time.monotonic() < until:
                assert head.poll() is None, (tmp_path / "head.log").read_text()
                time.sleep(0.2)
            yield f"127.0.0.1:{port}"
        finally:
            head.terminate()
            head.wait(60)


@pytest.mark.ray
@pytest.mark.slow
def test_a_running_cluster_does_the_study(cluster: str, tmp_path: Path) -> None:
    study = Path(__file__).parents[1] / "small_study.py"
    command = [sys.executable, "-m", "raysweep.run", str(study), "--results", str(tmp_path), "--cluster", cluster]
    ended = subprocess.run([*command, "--set", "seeds=0"], capture_output=True, text=True, timeout=300, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert f"Ray cluster {cluster} (2 cores)" in ended.stdout
    store = StudyStore(tmp_path / "small")
    assert set(store.table("trials")["status"]) == {"finished"}
    assert store.table("failures").empty
