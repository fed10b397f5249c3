"""Inspects one machine for the work: versions, GPUs, the results folder, data sets. It does not use Ray."""

import importlib.metadata
import os
import platform
import shutil
import socket
import time
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import torch

from raysweep.data import Presence, find_data
from raysweep.data.cache import cache_folder
from raysweep.execution.tasks import Workplace
from raysweep.measures.features import inception_file
from raysweep.study.data import DataSettings

PACKAGES = ("ray", "torch", "numpy")
"""Packages that must be equal on all machines: Ray for the machines to work together, the others for equal last
digits."""


@dataclass(frozen=True)
class Gpu:
    """A GPU as torch sees it; memory in bytes."""

    name: str
    memory: int


@dataclass(frozen=True)
class Storage:
    """Seconds of a write to and a read from the results folder, or what is wrong with it."""

    write: float = 0.0
    read: float = 0.0
    problem: str = ""


@dataclass(frozen=True)
class Inspection:
    """What one machine has."""

    host: str
    versions: Mapping[str, str]
    """Of Python and of `PACKAGES`."""
    cores: int
    threads: int
    """Torch's threads, where a trial does not say how many."""
    gpus: tuple[Gpu, ...]
    storage: Storage
    results_free: int | None
    """Free bytes on the disk of the results folder; None where it is not on a disk of its own."""
    cache: Path
    cache_free: int
    """Free bytes where data sets are cached."""
    data: Mapping[str, Presence]
    """By the data set's kind."""
    inception: Path | None
    """The file of Inception's weights, if it is there."""


@dataclass(frozen=True)
class Node:
    """A machine and what was found on it."""

    name: str
    """In words: "this machine", or "node ADDRESS"."""
    cpus: float
    gpus: float
    """The number of cores that Ray gives out."""
    found: Inspection | None
    problem: str = ""
    """Why nothing was found."""

    def faults(self, workplace: Workplace, needed: Container[str]) -> list[str]:
        """The problems that keep it from work that needs those data sets, each with its remedy."""
        if self.found is None:
            remedy = (
                "see that the same packages are installed there (one image, or one constraints.txt), and `ray status`"
            )
            return [f"{self.name}: {self.problem}; {remedy}"]
        words = []
        if self.found.storage.problem:
            words.append(
                f"{self.name}: results folder {workplace.results}: {self.found.storage.problem}; all machines must see "
                "one folder under one path: name it with --results DIR"
            )
        words.extend(
            f"{self.name}: data set {name}: {presence.words}; put it under one path on all machines, such as in a "
            "shared folder, and name the folder with --data DIR"
            for name, presence in self.found.data.items()
            if not presence.found and name in needed
        )
        if workplace.fid_weights is not None and self.found.inception is None:
            words.append(
                f"{self.name}: --fid-weights {workplace.fid_weights}: not there; put the file under this path on all "
                "machines, such as in a shared folder"
            )
        return words


def inspect(workplace: Workplace, data_sets: Sequence[DataSettings], driver: str, name: str) -> Inspection:
    """Looks at this machine.

    Args:
        workplace: the folders, as the work would get them.
        data_sets: what is looked for in the data folder.
        driver: the probe that the driver has left in the results folder.
        name: the probe that is left there for the driver.
    """
    results = workplace.store.folder.path
    weights, cache = inception_file(workplace.fid_weights), cache_folder().absolute()
    return Inspection(
        socket.gethostname(),
        {"python": platform.python_version(), **{package: _version(package) for package in PACKAGES}},
        os.cpu_count() or 1,
        torch.get_num_threads(),
        _gpus(),
        _storage(workplace, driver, name),
        _free(results) if results else None,
        cache,
        _free(cache),
        {_kind(settings): find_data(settings, workplace.data) for settings in data_sets},
        weights if weights.is_file() else None,
    )


def _storage(workplace: Workplace, driver: str, name: str) -> Storage:
    store = workplace.store
    try:
        began = time.perf_counter()
        store.save_probe(name)
        written = time.perf_counter()
        found = store.has_probe(driver)
        read = time.perf_counter()
    except OSError as error:
        return Storage(problem=f"cannot be written or read ({error})")
    if not found:
        return Storage(problem="what the driver wrote there is not seen")
    return Storage(written - began, read - written)


def _gpus() -> tuple[Gpu, ...]:
    properties = [torch.cuda.get_device_properties(index) for index in range(torch.cuda.device_count())]
    return tuple(Gpu(each.name, each.total_memory) for each in properties)


def _free(folder: Path) -> int:
    """Free bytes where the folder is, or would be."""
    return shutil.disk_usage(next(place for place in (folder, *folder.parents) if place.is_dir())).free


def _kind(settings: DataSettings) -> str:
    kind: str = getattr(settings, "kind")  # noqa: B009 - every data set has one, its base class does not
    path = getattr(settings, "path", "")
    return f"{kind} {path}".strip()


RECORDED_PACKAGES = (
    "raysweep",
    "torch",
    "torchvision",
    "numpy",
    "scipy",
    "scikit-learn",
    "pandas",
    "pyarrow",
    "ray",
    "pytorch-fid",
)
"""The packages whose versions are recorded."""


def describe_environment(command: Sequence[str], backend: str) -> dict[str, object]:
    """Versions, hardware of this machine, the command and the time, as JSON-able values.

    Args:
        command: the command line, without the program.
        backend: what the work runs on, in words.
    """
    return {
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": ["raysweep", *command],
        "backend": backend,
        "python": platform.python_version(),
        "packages": {name: _version(name) for name in RECORDED_PACKAGES},
        "system": platform.platform(),
        "processor": _processor(),
        "cores": os.cpu_count() or 1,
        "gpus": [torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())],
    }


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def _processor() -> str:
    """The processor's name: Linux tells it in /proc/cpuinfo only."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.is_file() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
