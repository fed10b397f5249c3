"""docs/cluster.md, followed from nothing to a finished sweep: its own commands, in their order, on this machine.

Two nodes of one machine stand for two machines. What differs from the page: addresses, folders and the token's home
are of this test; Ray's processes stay in the foreground, so that they can be ended by their numbers, which is done
instead of `ray stop`: that would end every Ray on this machine. The study is a tiny one in place of digits.
"""

import os
import re
import shlex
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from raysweep.study import Arm, Digits, Resources, Samples, Study, Vae

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
STUDY = Study(
    name="digits",
    title="t",
    question="q?",
    data=Digits(limit=100),
    arms=(Arm(model=Vae(steps=5, width=4, batch=16, latent_dim=2), resources=Resources(gpus=0.5)),),
    measures=(Samples(count=4),),
)


def steps() -> dict[str, list[str]]:
    """The commands of each numbered step of the page."""
    page = (ROOT / "docs" / "cluster.md").read_text()
    part = page.split("## From nothing to a running sweep")[1].split("\n## ")[0]
    parts = re.split(r"^\*\*(\d)\. ", part, flags=re.MULTILINE)[1:]
    numbered = dict(zip(parts[::2], parts[1::2], strict=True))
    return {
        number: [line for block in re.findall(r"^```sh\n(.*?)^```$", text, re.M | re.S) for line in block.splitlines()]
        for number, text in numbered.items()
    }


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


class Person:
    """Types what the page says, in a home and folders of their own."""

    def __init__(self, folder: Path) -> None:
        self.shared, self.port, self.log = folder / "shared", free_port(), folder / "log"
        (self.shared / "data").mkdir(parents=True)
        (folder / "digits.py").write_text(
            f"from raysweep.study import Study\nSTUDY = Study.model_validate_json({STUDY.model_dump_json()!r})\n"
        )
        self.study, self.running = str(folder / "digits.py"), list[subprocess.Popen[str]]()
        dropped = ("RAY_", "RAYSWEEP_DATA")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
        own = {"HOME": str(folder), "PATH": f"{BIN}:{os.environ['PATH']}", "RAY_USAGE_STATS_ENABLED": "0"}
        # A short path, since sockets lie below it; its own, since Ray notes the last cluster there, for `auto`.
        self.scratch = tempfile.TemporaryDirectory(prefix="ray", ignore_cleanup_errors=True)
        self.environment = {**kept, **own, "RAY_TMPDIR": self.scratch.name, "PYTHONPATH": str(ROOT)}

    def words(self, command: str) -> list[str]:
        """The command of the page as it is run here."""
        command = command.replace("10.0.0.5:6379", f"127.0.0.1:{self.port}").replace("=6379", f"={self.port}")
        words = shlex.split(command.replace("/mnt/shared", str(self.shared)))
        if words[0] == "raysweep":
            words = [sys.executable, "-m", "raysweep.run", *words[1:]]
            words = [self.study if word == "digits" else word for word in words]
        return ["env", *words]

    def types(self, command: str) -> tuple[int, str, str]:
        """Exit code, output and errors of a command."""
        ended = subprocess.run(
            self.words(command), capture_output=True, text=True, timeout=120, check=False, env=self.environment
        )
        return ended.returncode, ended.stdout, ended.stderr

    def starts(self, command: str, *more: str, until: str) -> None:
        """A command that goes on, once it has said `until`."""
        log = self.log.with_suffix(f".{len(self.running)}")
        with log.open("w") as file:
            process = subprocess.Popen(
                [*self.words(command), *more], stdout=file, stderr=file, text=True, env=self.environment
            )
        self.running.append(process)
        deadline = time.monotonic() + 60
        while until not in log.read_text():
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)

    def ends_all(self) -> None:
        """Ends what goes on, the last first."""
        for process in reversed(self.running):
            process.terminate()
            process.wait(60)
        self.scratch.cleanup()


@pytest.fixture
def person(tmp_path: Path) -> Iterator[Person]:
    someone = Person(tmp_path)
    try:
        yield someone
    finally:
        someone.ends_all()


def test_the_steps_are_those_that_are_followed() -> None:
    assert {number: len(commands) for number, commands in steps().items()} == {
        "1": 1, "2": 1, "3": 2, "4": 1, "5": 1, "6": 1, "7": 0, "8": 1,
    }  # fmt: skip


@pytest.mark.ray
@pytest.mark.slow
def test_the_page_leads_to_a_finished_sweep(person: Person, tmp_path: Path) -> None:
    commands = steps()
    (make_token,), (head, worker), (doctor,), (run,), (watch,) = (commands[number] for number in "23456")
    code, token, errors = person.types(make_token)
    assert code == 0, errors
    assert (tmp_path / ".ray" / "auth_token").read_text() == token.strip()

    here = ("--block", "--node-ip-address=127.0.0.1", "--num-cpus=1", "--num-gpus=0")
    alone = ("--include-dashboard=false", f"--ray-client-server-port={free_port()}")
    person.starts(head, *here, *alone, until="Ray runtime started")
    person.starts(worker, *here, until="Ray runtime started")

    (tmp_path / ".ray" / "auth_token").rename(tmp_path / "elsewhere")
    code, out, errors = person.types(doctor)
    assert (code, out) == (2, "")
    assert "it asks for a token, and this machine has none; copy ~/.ray/auth_token" in errors
    assert errors.count("\n") == 1
    (tmp_path / "elsewhere").rename(tmp_path / ".ray" / "auth_token")

    code, out, errors = person.types(doctor)
    assert code == 0, out + errors
    assert f"Ray cluster 127.0.0.1:{person.port} (2 nodes, 2 cores)" in out
    assert len(re.findall(r"^node .* ms +", out, re.MULTILINE)) == 2
    assert out.endswith("A run can start.\n")

    code, out, errors = person.types(run)
    assert code == 0, out + errors
    results = person.shared / "results" / "digits"
    assert (results / "report" / "index.html").is_file()
    code, out, errors = person.types(run)
    assert code == 0, out + errors
    assert "Left to do: 0 trials and 0 shards" in out

    port = free_port()
    person.starts(watch, f"--port={port}", until=f"http://localhost:{port}/")
    assert urllib.request.urlopen(f"http://127.0.0.1:{port}/data/runs").read() != b"[]"
    assert not list(results.glob(".probe-*"))
