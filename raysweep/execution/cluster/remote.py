"""The work that Ray's workers do for measures and for the trials of a search. It does not import Tune, which takes
seconds.
"""

import functools
import socket
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any

import numpy as np
import ray
import torch
from numpy.typing import NDArray

from raysweep.execution.cluster.memory import peak_memory
from raysweep.execution.tasks import RETRIES, Task, task_name
from raysweep.execution.worker import Worker

GPU_TASKS_PER_PROCESS = 64
"""By default Ray starts a new process for every task on a GPU. Ours run this many tasks, which bounds the cost of
leaked memory."""


@dataclass(frozen=True)
class Done:
    """The report of a task that has ended well."""

    node: str
    seconds: float
    held: int
    """Peak GPU memory in bytes."""
    total: int
    """Bytes of that GPU; 0 without one."""


def choose_device() -> torch.device:
    """The GPU that Ray gave to this process, if it gave one; a GPU that is merely visible belongs to others."""
    return torch.device("cuda" if ray.get_gpu_ids() and torch.cuda.is_available() else "cpu")


class Board:
    """The progress of a search's trials, which report to nobody else while they run."""

    def __init__(self) -> None:
        self._told: dict[str, tuple[float, str, float]] = {}

    def tell(self, name: str, share: float, node: str, seconds: float) -> None:
        """A trial is done to `share`, for which it ran on that node for so long."""
        self._told[name] = share, node, seconds

    def read(self) -> dict[str, tuple[float, str, float]]:
        """The last report of each trial, by its name."""
        return self._told


def run(tasks: Sequence[Task], board: Any, names: list[str], *contents: NDArray[np.uint8]) -> list[Done]:
    """Runs tasks one after the other, up to the first that fails.

    Args:
        tasks: of one model.
        board: the `Board` that is told how far a training is, if there is one.
        names: ids of the trials whose model files they need.
        contents: these files, from Ray's object store.

    Returns:
        A report for each task that has ended well. If none has, the first one's error is raised.
    """
    weights, done = dict(zip(names, contents, strict=True)), []
    for task in tasks:
        try:
            done.append(_run(task, board, weights))
        except Exception:
            if not done:
                raise
            break  # it will run alone next, and its own error is then reported
    return done


def _run(task: Task, board: Any, weights: Mapping[str, NDArray[np.uint8]]) -> Done:
    started, device = monotonic(), choose_device()

    def tell(share: float) -> None:
        if board is not None:
            board.tell.remote(task_name(task), share, socket.gethostname(), monotonic() - started)

    with peak_memory(device) as peak:
        _worker(device.type).run(task, weights, tell)
    return Done(socket.gethostname(), monotonic() - started, peak.held, peak.total)


@functools.cache
def _worker(device: str) -> Worker:
    return Worker(torch.device(device))


def gpu_task(function: Any, *, alone: bool) -> Any:
    """The function as a task on a GPU; `alone` in its process, or after other tasks.

    CUDA stays with the first GPU that a process saw, while Ray would give the process's next task another one on a node
    with several.
    """
    return ray.remote(max_retries=RETRIES, num_gpus=1, max_calls=1 if alone else GPU_TASKS_PER_PROCESS)(function)


run_on_cpu = ray.remote(max_retries=RETRIES)(run)
_run_on_the_gpu = gpu_task(run, alone=False)
run_on_one_of_gpus = gpu_task(run, alone=True)


def on_gpu(nodes: Iterable[Mapping[str, Any]]) -> Any:
    """The function that runs tasks on the GPUs of these nodes."""
    return run_on_one_of_gpus if any(node["Resources"].get("GPU", 0) > 1 for node in nodes) else _run_on_the_gpu
