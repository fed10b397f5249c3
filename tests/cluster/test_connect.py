import socket
import time

import pytest

from raysweep.cluster.connect import connected
from raysweep.errors import UserError


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


@pytest.mark.ray
def test_no_cluster_to_join_is_said_at_once(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    monkeypatch.setenv("RAY_TMPDIR", str(tmp_path))
    with pytest.raises(UserError, match="Ray cluster auto: cannot be joined"), connected("auto"):
        pass
