"""Breaks a running sweep in the ways that clusters break, and checks that its tables come out the same.

    make faults                                            all of it: each fault three times, in a run of its own
    python tests/system/faults.py kill_driver --times 5   one fault, five times in one run
    python tests/system/faults.py --mixed --times 1       each fault once, in any order, in one run
    python tests/system/faults.py --storage s3            each fault three times, with results on an S3 server

A head and two workers are separate Ray nodes on this machine (`nodes.py`). They do `study_of_nodes.py`, are disturbed
at random moments, and the same command is given again whenever it has ended without success. The tables must then equal
those of one process that nobody disturbed, value for value. For each fault, the work that was lost with it is counted:
from the trial's last checkpoint, or from the start of the shard, to the moment of the fault.
"""

import argparse
import contextlib
import math
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
import psutil
from pyarrow import fs

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from raysweep.results.files import join  # noqa: E402
from raysweep.results.store import StudyStore  # noqa: E402
from raysweep.results.tables import all_tables  # noqa: E402
from support import s3_server  # noqa: E402
from support.nodes import Node, Nodes, ray_nodes, why_not  # noqa: E402

STUDY = ROOT / "tests" / "support" / "study_of_nodes.py"
NAME = "nodes"
TABLES = [name for name in all_tables() if name != "schedule"]
CHECKPOINT_SECONDS = 3.0
LONGEST_WAIT = 300.0
"""Seconds without anything new in the results after which a run counts as hung. A whole run may take any time."""
MOST_COMMANDS = 4
"""How often the command is given at most, after a fault has ended it."""
STORAGE_BYTES = 400_000_000
TRAINING, MEASURING = "ray::SweepTrainable.train", "ray::run"
"""Ray's titles of processes that are at work."""


@dataclass(frozen=True)
class Worked:
    """A process that was at work when a fault came."""

    process: int
    trial: str
    """The trial that it trained; empty if it measured."""
    began: float = 0.0
    """When it began with that trial."""
    checkpoint: float = 0.0
    """When the trial's last checkpoint was written; 0 if there is none."""


@dataclass(frozen=True)
class Injection:
    """A fault at a moment."""

    fault: str
    moment: float
    what: str
    worked: tuple[Worked, ...]
    """The processes at work that the fault could hit."""


class Storage(ABC):
    """Where the results of all runs are."""

    faults: Sequence[str]
    """Those that can happen to it, of `FAULTS`."""

    @abstractmethod
    def new(self) -> str:
        """A place for the results of one more run."""

    @abstractmethod
    def boards(self, results: str, process: int) -> dict[Path, str]:
        """TensorBoard's files that a process writes, with their trials."""

    @abstractmethod
    def refuse(self, results: str, seconds: float) -> None:
        """Fails every request for that many seconds."""

    @abstractmethod
    def begun(self, results: str) -> int:
        """The number of files that were begun and never finished, which nothing may read."""


class Disk(Storage):
    """A file system that all nodes see."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.faults = folder, list(FAULTS)

    def new(self) -> str:
        return tempfile.mkdtemp(dir=self.folder)

    def boards(self, results: str, process: int) -> dict[Path, str]:
        files = Path(results, NAME, "tensorboard").glob(f"*/events.out.tfevents.*.{process}.*")
        return {file: file.parent.name for file in files}

    def refuse(self, results: str, seconds: float) -> None:
        """Nothing can be written."""
        subprocess.run(["chattr", "-R", "+i", results], check=False, capture_output=True)
        time.sleep(seconds)
        subprocess.run(["chattr", "-R", "-i", results], check=False, capture_output=True)

    def begun(self, results: str) -> int:
        return sum(1 for _ in Path(results).rglob("*.part"))


class S3(Storage):
    """A bucket of a server that all nodes reach."""

    def __init__(self, server: s3_server.S3Server) -> None:
        self.server, self.faults, self.runs = server, [name for name in FAULTS if name != "fill_disk"], 0
        server.make_bucket("faults")

    def new(self) -> str:
        self.runs += 1
        host = self.server.endpoint.removeprefix("http://")
        return f"s3://faults/run{self.runs}?scheme=http&endpoint_override={host}"

    def boards(self, results: str, process: int) -> dict[Path, str]:
        """Before they are copied into the bucket."""
        files = Path(tempfile.gettempdir()).glob(f"raysweep-*/events.out.tfevents.*.{process}.*")
        return {file: file.parent.name.removeprefix("raysweep-").rpartition("-")[0] for file in files}

    def refuse(self, results: str, seconds: float) -> None:
        """Every request is answered with 503."""
        self.server.fails = lambda request: True
        time.sleep(seconds)
        self.server.fails = lambda request: False

    def begun(self, results: str) -> int:
        return len(self.server.uploads("faults"))


@dataclass
class Sweep:
    """A study that runs on a cluster, and what has been done to it."""

    nodes: Nodes
    storage: Storage
    results: str
    output: Path
    """File for what the command prints."""
    moments: random.Random
    seeds: str
    fault: str = ""
    """The number of the next run."""
    driver: subprocess.Popen[bytes] | None = None
    began: float = 0.0
    commands: int = 0
    injections: list[Injection] = field(default_factory=list)

    @property
    def store(self) -> StudyStore:
        """The study's results."""
        return StudyStore(join(self.results, NAME))

    @property
    def running(self) -> bool:
        """Whether the command has not ended."""
        return self.driver is not None and self.driver.poll() is None

    def command(self) -> None:
        """Gives the command, the same each time."""
        command = ["--cluster", self.nodes.address, "--results", self.results]
        with self.output.open("ab") as output:
            self.driver = self.nodes.head.open(run(self.seeds, *command), stdout=output, stderr=output)
        self.commands += 1

    def wait_for_work(self, title: str = "ray::") -> list[Worked]:
        """Waits until something new is safe and a process of that title is at work, then for a random moment.

        Returns: all such processes; none if the sweep is over.
        """
        saved = self._newest()
        for newest in self._watch():
            if newest > saved and self.at_work(title):
                time.sleep(self.moments.uniform(0, CHECKPOINT_SECONDS))
                if self.running and (found := self.at_work(title)):
                    return found
        return []

    def wait_for_end(self) -> None:
        """Waits until the command has ended."""
        for _ in self._watch():
            pass

    def _watch(self) -> Iterator[float]:
        """Yields now and then, while the command runs, when something was last written into the results.

        Raises:
            TimeoutError: nothing was written for too long.
        """
        newest, since = self._newest(), time.monotonic()
        while self.running:
            if (found := self._newest()) > newest:
                newest, since = found, time.monotonic()
            if time.monotonic() > since + LONGEST_WAIT:
                raise TimeoutError(f"nothing new in {self.results} for {LONGEST_WAIT:.0f} s")
            yield newest
            time.sleep(0.3)

    def _newest(self) -> float:
        return max((at for name, at in self._changed().items() if name.endswith((".pt", ".parquet"))), default=0.0)

    def _changed(self) -> dict[str, float]:
        """When each file of the results was written; S3 tells it to the second."""
        files, folder = fs.FileSystem.from_uri(self.results)
        found = files.get_file_info(fs.FileSelector(folder, allow_not_found=True, recursive=True))
        return {each.path: each.mtime_ns / 1e9 for each in found if each.type == fs.FileType.File}

    def at_work(self, title: str = "ray::", nodes: Sequence[Node] = ()) -> list[Worked]:
        """The processes at work on these nodes, or on all."""
        found = []
        for node in nodes or self.nodes.nodes:
            for pid in node.processes():
                with contextlib.suppress(psutil.Error):
                    name = (psutil.Process(pid).cmdline() or [""])[0]
                    if name.startswith(MEASURING) and name.startswith(title):
                        found.append(Worked(pid, ""))
                    elif name.startswith(TRAINING) and name.startswith(title):
                        found += self._training_of(pid)
        return found

    def _training_of(self, pid: int) -> list[Worked]:
        """The trial that a process trains, if it has begun: by the newest TensorBoard file that has the process in its
        name."""
        boards = self.storage.boards(self.results, pid).items()
        found = [(float(file.name.split(".")[3]), trial) for file, trial in boards]
        if not found:
            return []
        began, trial = max(found)
        saved = [at for name, at in self._changed().items() if name.endswith(f"/{trial}/checkpoint.pt")]
        return [Worked(pid, trial, began, max(saved, default=0.0))]

    def note(self, what: str, worked: Sequence[Worked]) -> None:
        """Notes a fault that comes now, before it is done."""
        print(f"{time.time() - self.began:6.0f} s  {what}", flush=True)
        self.injections.append(Injection(self.fault, time.time(), what, tuple(worked)))


def run(seeds: str, *options: str) -> list[str]:
    """The command of the study. It draws no report, which would take longer than the rest."""
    changed = ["--set", f"checkpoint_seconds={CHECKPOINT_SECONDS}", "--set", f"seeds={seeds}"]
    fixed = ["--only", "train,measure", *changed]
    return [sys.executable, "-m", "raysweep.run", str(STUDY), *fixed, *options]


# The faults: each is done once to a sweep that is at work


def kill_trial(sweep: Sweep) -> bool:
    """A process that trains is killed."""
    return _kill_process(sweep, TRAINING)


def kill_measure(sweep: Sweep) -> bool:
    """A process that measures is killed."""
    return _kill_process(sweep, MEASURING)


def _kill_process(sweep: Sweep, title: str) -> bool:
    if not (found := sweep.wait_for_work(title)):
        return False
    worked = sweep.moments.choice(found)
    sweep.note(f"process of {worked.trial or 'a shard'} killed", [worked])
    os.kill(worked.process, signal.SIGKILL)
    return True


def kill_node(sweep: Sweep) -> bool:
    """A whole worker node is killed, and joins again after some seconds, as a machine that was started anew."""
    if not sweep.wait_for_work():
        return False
    node = sweep.moments.choice(sweep.nodes.workers)
    away = sweep.moments.uniform(2, 10)
    sweep.note(f"{node.name} killed, started again after {away:.0f} s", sweep.at_work(nodes=[node]))
    node.kill()
    time.sleep(away)
    sweep.nodes.start(node)
    return True


def cut_off_node(sweep: Sweep) -> bool:
    """A worker node cannot be reached for a while, which may be too short or long enough for Ray to give it up."""
    if not sweep.wait_for_work():
        return False
    node = sweep.moments.choice(sweep.nodes.workers)
    away = 3.0 if len(sweep.injections) % 2 else 30.0
    sweep.note(f"{node.name} cut off for {away:.0f} s", sweep.at_work(nodes=[node]))
    node.cut_off()
    time.sleep(away)
    node.reconnect()
    assert node.starting is not None
    with contextlib.suppress(subprocess.TimeoutExpired):  # if it was given up, Ray there learns so now, and ends
        node.starting.wait(15)
        sweep.nodes.start(node)
    return True


def kill_driver(sweep: Sweep) -> bool:
    """The process in which the command runs is killed."""
    if not (found := sweep.wait_for_work()):
        return False
    assert sweep.driver is not None
    sweep.note("driver killed", found)
    sweep.driver.kill()
    sweep.driver.wait()
    return True


def lose_head(sweep: Sweep) -> bool:
    """The head is lost, and the driver with it; a new cluster is made, and the command given there."""
    if not (found := sweep.wait_for_work()):
        return False
    sweep.note("head lost, new cluster", found)
    for node in sweep.nodes.nodes:
        node.kill()
    sweep.nodes.start()
    return True


def fail_storage(sweep: Sweep) -> bool:
    """Results cannot be written, or not even reached, for a while."""
    if not (found := sweep.wait_for_work()):
        return False
    away = sweep.moments.uniform(3, 15)
    sweep.note(f"storage refused for {away:.0f} s", found)
    sweep.storage.refuse(sweep.results, away)
    return True


def fill_disk(sweep: Sweep) -> bool:
    """The disk is full until the command has ended, or some seconds have gone by."""
    if not (found := sweep.wait_for_work()):
        return False
    assert isinstance(sweep.storage, Disk)
    away = sweep.moments.uniform(10, 30)
    sweep.note("disk full", found)
    filler = sweep.storage.folder / "filler"
    with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(1_000_000))
    until = time.monotonic() + away
    while sweep.running and time.monotonic() < until:
        time.sleep(0.1)
    filler.unlink()
    return True


FAULTS: dict[str, Callable[[Sweep], bool]] = {
    "kill_driver": kill_driver,
    "kill_trial": kill_trial,
    "kill_measure": kill_measure,
    "kill_node": kill_node,
    "cut_off_node": cut_off_node,
    "lose_head": lose_head,
    "fail_storage": fail_storage,
    "fill_disk": fill_disk,
}


# Doing them, and what came of it


def disturb(sweep: Sweep, faults: Sequence[str]) -> None:
    """Runs the study to its end, and does the faults to it, one after the other."""
    waiting = list(faults)
    while True:
        if not sweep.running:
            if sweep.driver is not None and sweep.driver.returncode == 0:
                return
            if sweep.commands - len(sweep.injections) > MOST_COMMANDS:
                raise RuntimeError(f"given {sweep.commands} times")
            sweep.nodes.revive()
            sweep.command()
        if waiting:
            sweep.fault = waiting.pop(0)
            if not FAULTS[sweep.fault](sweep):
                print(f"          {sweep.fault} not done: the sweep had ended", flush=True)
        else:
            sweep.wait_for_end()


@dataclass(frozen=True)
class Lost:
    """Seconds of work that a fault cost, by process. Nothing is lost if the process went on to finish it."""

    training: list[float]
    """Since the last checkpoint; infinite for a trial that did not go on from it."""
    measuring: list[float]
    """Of shards that were not finished: at most, since a shard's start is known only if the one before it ended."""


def lost(injection: Injection, schedule: pd.DataFrame) -> Lost:
    """The work that was lost with a fault, by the records of a run that has ended."""
    trains = schedule["work"] == "train"
    training = [
        _lost_training(injection.moment, worked, schedule[trains]) for worked in injection.worked if worked.trial
    ]
    measuring = [
        _lost_measuring(injection.moment, worked, schedule[~trains]) for worked in injection.worked if not worked.trial
    ]
    return Lost([s for s in training if s is not None], [s for s in measuring if s is not None])


def _lost_training(moment: float, worked: Worked, schedule: pd.DataFrame) -> float | None:
    ended = schedule[schedule["trial"] == worked.trial]
    if (ended["process"] == worked.process).any():
        return None
    # A trial that was not taken up from its checkpoint has begun after that was written.
    if ended.empty or (worked.checkpoint and ended["started"].iloc[0] > worked.checkpoint):
        return math.inf
    return moment - max(worked.began, worked.checkpoint)


def _lost_measuring(moment: float, worked: Worked, schedule: pd.DataFrame) -> float | None:
    own = schedule[schedule["process"] == worked.process]
    ends = own["started"] + own["wall"]
    if ((own["started"] <= moment) & (ends >= moment)).any():
        return None
    since = moment - ends[ends <= moment].max() if (ends <= moment).any() else math.inf
    return min(since, schedule["wall"].max())  # no shard takes longer than the longest one


def rows_of(sweep: Sweep, different: Sequence[str]) -> list[dict[str, object]]:
    """A line for each injection."""
    schedule = sweep.store.table("schedule")
    rows = []
    for injection in sweep.injections:
        seconds = lost(injection, schedule)
        rows.append(
            {
                "fault": injection.fault,
                "moment_s": round(injection.moment - sweep.began, 1),
                "what": injection.what,
                "working": len(injection.worked),
                "interrupted": len(seconds.training) + len(seconds.measuring),
                "training_lost_s": round(max(seconds.training, default=0.0), 1),
                "measuring_lost_s": round(max(seconds.measuring, default=0.0), 1),
                "commands": sweep.commands,
                "equal": f"no: {', '.join(different)}" if different else "yes",
            }
        )
    return rows


def tables(store: StudyStore) -> dict[str, pd.DataFrame]:
    """All tables that must not differ."""
    return {name: store.table(name) for name in TABLES}


@contextlib.contextmanager
def small_disk(size: int) -> Iterator[Path]:
    """A file system of its own, in memory: one that can be filled."""
    with tempfile.TemporaryDirectory(prefix="raysweep-faults-") as folder:
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "raysweep", folder], check=True)
        try:
            yield Path(folder)
        finally:
            subprocess.run(["umount", "--lazy", folder], check=True)


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser("faults", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("fault", nargs="*", metavar="FAULT", help=f"of {', '.join(FAULTS)} (default: all)")
    parser.add_argument("--storage", choices=("disk", "s3"), default="disk", help="where results are (default: disk)")
    parser.add_argument("--times", type=int, default=3, help="how often each is done (default: 3)")
    parser.add_argument("--mixed", action="store_true", help="do them all to one run, instead of a run for each")
    parser.add_argument("--seeds", default="0", help="seeds of the study: more of them are more work (default: 0)")
    parser.add_argument("--seed", type=int, default=0, help="of the random moments (default: 0)")
    parser.add_argument("--csv", type=Path, help="file to which the lines are added as well")
    parser.add_argument("--undisturbed", type=Path, help="folder of the undisturbed run, made if it is not there")
    options = parser.parse_args()
    if unknown := set(options.fault) - set(FAULTS):
        parser.error(f"unknown: {', '.join(sorted(unknown))}; faults are {', '.join(FAULTS)}")
    if options.storage == "s3" and "fill_disk" in options.fault:
        parser.error("fill_disk: an S3 server has no disk that could be filled")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that what was made here is removed
    if reason := why_not():
        print(f"faults: not possible here: {reason}")
        return 2
    os.environ |= s3_server.ENVIRONMENT
    with small_disk(STORAGE_BYTES) as disk:
        undisturbed = (options.undisturbed or disk / "undisturbed").absolute()
        subprocess.run(
            run(options.seeds, "--serial", "--results", str(undisturbed)), check=True, stdout=subprocess.DEVNULL
        )
        expected = tables(StudyStore(undisturbed / NAME))
        with ray_nodes(environment=IMPATIENT) as nodes, s3_server.s3_server(nodes.outside) as server:
            storage = Disk(disk) if options.storage == "disk" else S3(server)
            runs = [one_run(faults, nodes, storage, expected, options) for faults in planned(options, storage)]
    return int(not all(runs))


LINE = (
    "{fault:13} {moment_s:6.1f} s  {what:45} {interrupted}/{working} interrupted; lost at most {training_lost_s:.1f} s "
    "of a training, {measuring_lost_s:.1f} s of a shard; commands {commands}; equal: {equal}"
)

IMPATIENT = {
    "RAY_health_check_period_ms": "2000",
    "RAY_health_check_timeout_ms": "3000",
    "RAY_health_check_failure_threshold": "3",
}
"""Ray gives a node up after some ten seconds instead of a minute, so that the faults take less long."""


def planned(options: argparse.Namespace, storage: Storage) -> list[list[str]]:
    """The faults of each run, in their order."""
    runs = [[name] * options.times for name in options.fault or storage.faults]
    if not options.mixed:
        return runs
    mixed = [name for run in runs for name in run]
    random.Random(options.seed).shuffle(mixed)
    return [mixed]


def one_run(
    faults: Sequence[str],
    nodes: Nodes,
    storage: Storage,
    expected: dict[str, pd.DataFrame],
    options: argparse.Namespace,
) -> bool:
    """Does faults to one run, prints a line for each, and returns whether the tables came out the same."""
    nodes.revive()
    moments = random.Random(f"{options.seed} {faults}")
    with tempfile.TemporaryDirectory(prefix="raysweep-faults-") as folder:
        output = Path(folder) / "output.txt"
        sweep = Sweep(nodes, storage, storage.new(), output, moments, options.seeds, began=time.time())
        try:
            disturb(sweep, faults)
        except (RuntimeError, TimeoutError) as error:
            print(f"The run did not end: {error}\n{output.read_text()[-2000:]}", flush=True)
        finally:
            if sweep.driver is not None:
                sweep.driver.kill()
    found = tables(sweep.store)
    different = [table for table, values in expected.items() if not found[table].equals(values)]
    words = f"different: {', '.join(different)}" if different else "equal"
    print(
        f"{time.time() - sweep.began:6.0f} s  ended; command given {sweep.commands} times; tables {words}; "
        f"{storage.begun(sweep.results)} files begun and left",
        flush=True,
    )
    rows = rows_of(sweep, different)
    for row in rows:
        print(LINE.format(**row), flush=True)
    if options.csv and rows:
        new = not options.csv.is_file()
        pd.DataFrame(rows).to_csv(options.csv, mode="a", header=new, index=False)
    return not different


if __name__ == "__main__":
    sys.exit(main())
