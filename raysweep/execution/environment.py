"""What a run ran on: recorded beside its results, since numbers depend on versions and on hardware."""

import importlib.metadata
import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import torch

PACKAGES = (
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
        "packages": {name: _version(name) for name in PACKAGES},
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
