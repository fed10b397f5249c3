"""A head with another Ray, or another Python, is refused in one line.

It needs a second environment, whose Python RAYSWEEP_OTHER_RAY names:

    python -m venv other && other/bin/pip install "ray[default]==2.53.0"
    RAYSWEEP_OTHER_RAY=other/bin/python python -m pytest tests/system/test_other_ray.py
"""

import os
import platform
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import ray

OTHER = os.environ.get("RAYSWEEP_OTHER_RAY", "")
ASKED = "import platform, ray; print('Ray', ray.__version__, 'on Python', platform.python_version())"
START_SECONDS = 60.0

pytestmark = [
    pytest.mark.ray,
    pytest.mark.slow,
    pytest.mark.skipif(not OTHER, reason="RAYSWEEP_OTHER_RAY names no Python with another Ray"),
]


def free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    try:
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


@pytest.fixture(scope="module")
def ports() -> Iterator[tuple[int, int]]:
    """Of a head that the other Ray runs, and of its server of Ray's client."""
    head, client = free_ports(2)
    with tempfile.TemporaryDirectory(prefix="ray", ignore_cleanup_errors=True) as folder:
        command = [
            *(
                str(Path(OTHER).absolute().with_name("ray")),
                "start",
                "--head",
                "--block",
                "--node-ip-address=127.0.0.1",
            ),
            *(f"--port={head}", f"--ray-client-server-port={client}", "--include-dashboard=false"),
            *("--num-cpus=1", "--num-gpus=0", "--object-store-memory=100000000"),
        ]
        environment = {**os.environ, "RAY_TMPDIR": folder, "RAY_USAGE_STATS_ENABLED": "0"}
        log = Path(folder) / "log"
        with log.open("w") as file:
            starting = subprocess.Popen(command, stdout=file, stderr=file, env=environment)
        try:
            until = time.monotonic() + START_SECONDS
            while "Ray runtime started" not in log.read_text():
                assert starting.poll() is None, log.read_text()
                assert time.monotonic() < until, log.read_text()
                time.sleep(0.1)
            yield head, client
        finally:
            starting.terminate()
            starting.wait(60)


@pytest.mark.parametrize("through_client", [False, True])
@pytest.mark.parametrize("command", [("digits",), ("doctor", "digits")])
def test_another_version_is_refused(
    ports: tuple[int, int], tmp_path: Path, through_client: bool, command: tuple[str, ...]
) -> None:
    head, client = ports
    address = f"ray://127.0.0.1:{client}" if through_client else f"127.0.0.1:{head}"
    theirs = subprocess.run([OTHER, "-c", ASKED], check=True, capture_output=True, text=True).stdout.strip()
    ours = f"Ray {ray.__version__} on Python {platform.python_version()}"
    ended = subprocess.run(
        [sys.executable, "-m", "raysweep.run", *command, "--cluster", address, "--results", str(tmp_path)],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ended.stderr == (
        f"raysweep: Ray cluster {address}: it runs {theirs}, this machine {ours}, and they must be equal; install the "
        "same on all machines (one image, or one constraints.txt)\n"
    )
    assert (ended.returncode, ended.stdout) == (2, "")
