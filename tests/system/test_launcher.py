"""deploy/on_premise.yaml, brought up, used and taken down with the commands of docs/cluster.md, over SSH.

Three network namespaces stand for three machines: the one where the commands are typed, a head, and a worker. Each has
an address, processes, a home and temporary files of its own. What differs from the file: addresses, the user and the
number of cores are of this test; and there is no Docker here, so what the image would bring is on the machines' PATH.
The study is a tiny one in place of digits.
"""

import contextlib
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from raysweep.results.store import StudyStore
from raysweep.study import Arm, Digits, ProjectedAdam, Reconstruction, Samples, Study, Vae, grid
from support.nodes import Node, why_not, wired_nodes
from support.runs import TABLES

pytestmark = [pytest.mark.ray, pytest.mark.slow]

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
HOME = Path("/home/raysweep")
SSHD = "/usr/sbin/sshd"
PROGRAMS = (SSHD, "ssh", "ssh-keygen", "rsync")
JOIN_SECONDS = 60.0
STUDY = Study(
    name="digits",
    title="t",
    question="q?",
    data=Digits(limit=100),
    arms=(Arm(model=Vae(steps=5, width=4, batch=16), over={"latent_dim": grid(2, 3, 4)}),),
    measures=(Reconstruction(images=4, generated=4, shard=2, solver=ProjectedAdam(steps=5)), Samples(count=4)),
)
STUDY_FILE = f"from raysweep.study import Study\nSTUDY = Study.model_validate_json({STUDY.model_dump_json()!r})\n"

BASHRC = f"export PATH={BIN}:$PATH PYTHONPATH={ROOT} OMP_NUM_THREADS=1 RAY_USAGE_STATS_ENABLED=0\n"
PASSWD = f"root:x:0:0:root:{HOME}:/bin/bash\nsshd:x:105:65534::/run/sshd:/usr/sbin/nologin\n"
OWN_FILES = """
mount --bind "$0/home" /home
mount --bind "$0/passwd" /etc/passwd
mount -t tmpfs none /run && mkdir /run/sshd
mount -t tmpfs none /mnt && mkdir /mnt/shared && mount --bind "$1" /mnt/shared
mount --bind "$0/tmp" /tmp
shift && cd && exec "$@"
"""


@dataclass
class Machine:
    """A node with processes and files of its own, but for the shared folder."""

    node: Node
    shared: Path

    @property
    def home(self) -> Path:
        return self.node.folder / "home" / HOME.name

    def prepare(self) -> None:
        (self.home / ".ssh").mkdir(parents=True, mode=0o700)
        (self.home / ".bashrc").write_text(BASHRC)
        (self.node.folder / "tmp").mkdir()
        (self.node.folder / "passwd").write_text(PASSWD)
        default = ["route", "add", "default", "dev", "eth0"]  # by which Ray finds the machine's address
        subprocess.run(["ip", "-n", self.node.namespace, *default], check=True)

    def open(self, *command: str, **options: Any) -> subprocess.Popen[str]:
        clean = ("env", "-i", f"HOME={HOME}", "TERM=dumb", "LANG=C.UTF-8", f"PATH={BIN}:/usr/sbin:/usr/bin:/sbin:/bin")
        own = ("unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-ec", OWN_FILES)
        return self.node.open([*clean, *own, str(self.node.folder), str(self.shared), *command], text=True, **options)

    def serve(self, key: Path) -> None:
        """Lets in over SSH who has the key."""
        shutil.copy(key.with_suffix(".pub"), self.home / ".ssh" / "authorized_keys")
        host_key = self.node.folder / "home" / "host_key"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", host_key], check=True)
        with (self.node.folder / "sshd.log").open("w") as log:
            self.node.starting = self.open(
                SSHD, "-D", "-e", "-f", "/dev/null", "-o", "HostKey=/home/host_key", stdout=log, stderr=log
            )

    def runs(self, program: str) -> bool:
        names = set()
        for pid in self.node.processes():
            with contextlib.suppress(OSError):  # it has ended meanwhile
                names.add(Path(f"/proc/{pid}/comm").read_text().strip())
        return program in names

    def types(self, command: str) -> str:
        """What a command says; it must succeed."""
        asked = self.open(
            "bash", "-c", f"source ~/.bashrc; {command}", stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        said, _ = asked.communicate(timeout=120)
        assert asked.returncode == 0, f"{command}\n{said}"
        return said


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    (tmp_path / "shared" / "data").mkdir(parents=True)
    return tmp_path / "shared"


@pytest.fixture
def machines(shared: Path) -> Iterator[tuple[Machine, Machine, Machine]]:
    """Where somebody has the cluster's file and an SSH key; a head and a worker, which know the key."""
    if reason := why_not():
        pytest.skip(reason)
    if missing := [program for program in PROGRAMS if not shutil.which(program)]:
        pytest.skip(f"needs {', '.join(missing)}: in Debian, the packages openssh-server and rsync")
    with wired_nodes(["person", "head", "worker"]) as (nodes, _):
        mine, head, worker = (Machine(node, shared) for node in nodes)
        for machine in (mine, head, worker):
            machine.prepare()
        key = mine.home / ".ssh" / "id_ed25519"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
        for machine in (head, worker):
            machine.serve(key)
        config = yaml.safe_load((ROOT / "deploy" / "on_premise.yaml").read_text())
        del config["docker"]
        config["provider"] |= {"head_ip": head.node.address, "worker_ips": [worker.node.address]}
        config["auth"]["ssh_user"] = "root"
        config["min_workers"] = config["max_workers"] = 1
        for role in ("head", "worker"):
            config[f"{role}_start_ray_commands"][-1] += " --num-cpus=1"  # both are needed, however many cores there are
        (mine.home / "deploy").mkdir()
        (mine.home / "deploy" / "on_premise.yaml").write_text(yaml.safe_dump(config))
        yield mine, head, worker


def commands() -> list[str]:
    """Those of the page, for the on-premise file."""
    page = (ROOT / "docs" / "cluster.md").read_text().split("\n## In a cloud", 1)[1]
    (block, *_) = re.findall(r"^```sh\n(.*?)^```$", page, re.M | re.S)
    return block.replace("aws", "on_premise").splitlines()


def test_a_study_on_machines_that_the_launcher_brings_up(
    machines: tuple[Machine, Machine, Machine], shared: Path, tmp_path: Path
) -> None:
    mine, head, worker = machines
    (shared / "digits.py").write_text(STUDY_FILE)
    up, doctor, run, _, _, down = (line.replace(" digits ", " /mnt/shared/digits.py ") for line in commands())
    mine.types("ray get-auth-token --generate")
    mine.types(f"{up} --yes")
    until = time.monotonic() + JOIN_SECONDS
    while not worker.runs("raylet"):
        assert time.monotonic() < until, mine.types(
            "ray exec deploy/on_premise.yaml 'tail /tmp/ray/session_latest/logs/monitor.log'"
        )
        time.sleep(0.5)
    said = mine.types(doctor)
    assert "(2 nodes, 2 cores)" in said
    assert "A run can start." in said
    assert "(2 nodes, 2 cores)" in mine.types(run.replace(" --tmux", ""))
    mine.types(f"{down} --yes")
    assert not head.runs("raylet")

    serial = [sys.executable, "-m", "raysweep.run", str(shared / "digits.py"), "--serial"]
    subprocess.run([*serial, "--results", str(tmp_path / "serial")], check=True, capture_output=True, cwd=ROOT)
    expected, found = StudyStore(tmp_path / "serial" / "digits"), StudyStore(shared / "results" / "digits")
    assert set(found.table("schedule")["node"]) == {"head", "worker"}
    for name in TABLES:
        pd.testing.assert_frame_equal(found.table(name), expected.table(name), check_exact=True)
