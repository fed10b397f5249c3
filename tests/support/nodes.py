"""A Ray cluster of separate nodes on this machine: each in a network namespace, with its own address and host name.

To Ray these are machines that reach one another through a switch; they share the file system, as machines of a cluster
share a folder, and reach this process at `Nodes.outside`, as they would a server elsewhere. A node can be killed whole,
cut off from the switch, and started again. Needs Linux, root and `ip`.
"""

import contextlib
import functools
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PORT = 6379
START_SECONDS = 60.0
PREFIX = "raysweep"
OBJECT_STORE_BYTES = 100_000_000
TOKEN = secrets.token_hex(32)
ENVIRONMENT = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": TOKEN}


@dataclass
class Node:
    """A node: everything that runs in its namespace."""

    name: str
    """Its host name."""
    namespace: str
    link: str
    """The switch's end of its cable."""
    address: str
    folder: Path
    """Of Ray's own files."""
    environment: Mapping[str, str] = field(default_factory=dict)
    starting: subprocess.Popen[bytes] | None = None
    """Ray's `start`, which lasts as long as the node."""

    def open(self, command: Sequence[str], **options: Any) -> subprocess.Popen[bytes]:
        """Starts a command on this node."""
        named = ["unshare", "--uts", "sh", "-c", 'hostname "$0" && exec "$@"', self.name]
        environment = {**os.environ, **ENVIRONMENT, **self.environment}
        return subprocess.Popen(["ip", "netns", "exec", self.namespace, *named, *command], env=environment, **options)

    def processes(self) -> list[int]:
        """Ids of all processes on this node."""
        return [int(pid) for pid in _ip("netns", "pids", self.namespace).split()]

    def kill(self) -> None:
        """Ends all that runs here, without a warning."""
        while pids := self.processes():
            for pid in pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.05)
        if self.starting is not None:
            self.starting.wait()
            self.starting = None

    def cut_off(self) -> None:
        """Pulls the cable."""
        _ip("link", "set", self.link, "down")

    def reconnect(self) -> None:
        """Puts the cable back."""
        _ip("link", "set", self.link, "up")


@dataclass
class Nodes:
    """A head and workers. The first node is the head."""

    nodes: list[Node]
    cpus: int
    outside: str
    """Address of this machine itself, as the nodes see it."""

    @property
    def head(self) -> Node:
        """The node that others join."""
        return self.nodes[0]

    @property
    def workers(self) -> list[Node]:
        """The other nodes."""
        return self.nodes[1:]

    @property
    def address(self) -> str:
        """What `--cluster` takes."""
        return f"{self.head.address}:{PORT}"

    def start(self, *nodes: Node) -> None:
        """Starts Ray on these nodes, or on all; returns when they have joined."""
        for node in nodes or self.nodes:
            self._begin(node)
            if node is self.head:
                _wait_until_started(node)
        for node in nodes or self.nodes:
            _wait_until_started(node)

    def revive(self) -> None:
        """Starts again what has died, as whatever looks after machines would; all of it if the head has."""
        dead = [node for node in self.nodes if node.starting is None or node.starting.poll() is not None]
        if self.head in dead:
            dead = self.nodes
        for node in dead:
            node.kill()
        if dead:
            self.start(*dead)

    def _begin(self, node: Node) -> None:
        shutil.rmtree(node.folder, ignore_errors=True)
        node.folder.mkdir(parents=True)
        role = ["--head", f"--port={PORT}", "--include-dashboard=false"] if node is self.head else []
        role = role or [f"--address={self.address}"]
        command = [
            *(str(Path(sys.executable).with_name("ray")), "start", *role, "--block"),
            *(f"--node-ip-address={node.address}", f"--temp-dir={node.folder}", f"--num-cpus={self.cpus}"),
            *(f"--object-store-memory={OBJECT_STORE_BYTES}", "--include-log-monitor=false"),
        ]
        with _log(node).open("wb") as log:
            node.starting = node.open(command, stdout=log, stderr=log)


@contextlib.contextmanager
def ray_nodes(workers: int = 2, cpus: int = 1, environment: Mapping[str, str] | None = None) -> Iterator[Nodes]:
    """A running cluster of a head and `workers`, each of `cpus` cores; gone afterwards, whatever happened."""
    names = ["head", *(f"worker{number}" for number in range(1, workers + 1))]
    with wired_nodes(names, environment) as (nodes, outside):
        cluster = Nodes(nodes, cpus, outside)
        cluster.start()
        yield cluster


@contextlib.contextmanager
def wired_nodes(names: Sequence[str], environment: Mapping[str, str] | None = None) -> Iterator[tuple[list[Node], str]]:
    """Nodes that reach one another, and on which nothing runs; and this machine's address as they see it.

    They are gone afterwards, with all that was started there.
    """
    remove_leftovers()
    owner = os.getpid()
    bridge = f"rs{owner}b"
    network = f"10.{64 + owner // 256 % 64}.{owner % 256}"  # not that of another test at the same time
    outside = f"{network}.254"
    with tempfile.TemporaryDirectory(prefix="rs") as folder:  # a short path: Ray has sockets in it
        nodes = [
            Node(
                name,
                f"{PREFIX}-{owner}-{name}",
                f"rs{owner}v{number}",
                f"{network}.{number + 1}",
                Path(folder) / name,
                environment or {},
            )
            for number, name in enumerate(names)
        ]
        try:
            _ip("link", "add", bridge, "type", "bridge")
            _ip("address", "add", f"{outside}/24", "dev", bridge)
            _ip("link", "set", bridge, "up")
            for node in nodes:
                _wire(node, bridge)
            yield nodes, outside
        finally:
            for node in nodes:
                with contextlib.suppress(RuntimeError):  # it was not made
                    node.kill()
            _remove(owner)


def _wire(node: Node, bridge: str) -> None:
    """Makes the node's namespace, and a cable from it to the bridge."""
    _ip("netns", "add", node.namespace)
    inside = ("-n", node.namespace)
    _ip("link", "add", node.link, "type", "veth", "peer", "name", "eth0", "netns", node.namespace)
    _ip("link", "set", node.link, "master", bridge, "up")
    _ip(*inside, "address", "add", f"{node.address}/24", "dev", "eth0")
    _ip(*inside, "link", "set", "eth0", "up")
    _ip(*inside, "link", "set", "lo", "up")


def _log(node: Node) -> Path:
    return node.folder.with_name(f"{node.name}.log")


def _wait_until_started(node: Node) -> None:
    until = time.monotonic() + START_SECONDS
    while "Ray runtime started" not in (said := _log(node).read_text()):
        assert node.starting is not None
        if node.starting.poll() is not None or time.monotonic() > until:
            raise RuntimeError(f"Ray did not start on {node.name}: {said}")
        time.sleep(0.1)


def remove_leftovers() -> None:
    """Removes what processes that are gone have left: a killed test cannot tidy up."""
    left = _ip("netns", "list") + _ip("-o", "link", "show", "type", "bridge")
    owners = {int(pid) for pid in re.findall(rf"^{PREFIX}-(\d+)-|\brs(\d+)b", left, re.M) for pid in pid if pid}
    for owner in owners:
        if not Path(f"/proc/{owner}").exists():
            _remove(owner)


def _remove(owner: int) -> None:
    for namespace in re.findall(rf"^{PREFIX}-{owner}-\S+", _ip("netns", "list"), re.M):
        Node("", namespace, "", "", Path()).kill()
        _ip("netns", "delete", namespace)  # and with it the cable
    if f"rs{owner}b:" in _ip("-o", "link", "show", "type", "bridge"):
        _ip("link", "delete", f"rs{owner}b")


def _ip(*arguments: str) -> str:
    ended = subprocess.run(["ip", *arguments], capture_output=True, text=True, check=False)
    if ended.returncode:
        raise RuntimeError(f"ip {' '.join(arguments)}: {ended.stderr.strip()}")
    return ended.stdout


@functools.cache
def why_not() -> str:
    """Why there can be no such nodes here; empty if there can."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return "network namespaces need Linux and root"
    if not all(shutil.which(program) for program in ("ip", "unshare")):
        return "network namespaces need the programs ip and unshare"
    name = f"{PREFIX}-{os.getpid()}-trial"
    try:
        _ip("netns", "add", name)
        _ip("link", "add", f"rs{os.getpid()}b", "type", "bridge")
    except RuntimeError as error:
        return f"network namespaces cannot be made here: {error}"
    finally:
        with contextlib.suppress(RuntimeError):
            _remove(os.getpid())
    return ""
