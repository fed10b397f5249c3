"""What Ray's workers run for measures. Does not import Tune, which takes seconds to load."""

import functools
import socket
from time import monotonic

import numpy as np
import ray
import torch
from numpy.typing import NDArray

from raysweep.tasks import RETRIES, MeasureTask, PrepareTask
from raysweep.worker import Worker

GPU_TASKS_PER_PROCESS = 64
"""Ray starts a new process for every task on a GPU unless told otherwise. After so many, one is started all the same,
which bounds what leaked memory can cost."""


def choose_device() -> torch.device:
    """The GPU that Ray gave to this process, if it gave one; a GPU that is merely visible belongs to others."""
    return torch.device("cuda" if ray.get_gpu_ids() and torch.cuda.is_available() else "cpu")


def run(task: PrepareTask | MeasureTask, names: list[str], *contents: NDArray[np.uint8]) -> tuple[str, float]:
    """Runs a task; `contents` are the model files of the trials `names`, from Ray's object store.

    Returns:
        The node's name, and the seconds that it took.
    """
    started = monotonic()
    _worker(choose_device().type).run(task, dict(zip(names, contents, strict=True)))
    return socket.gethostname(), monotonic() - started


@functools.cache
def _worker(device: str) -> Worker:
    return Worker(torch.device(device))


run_on_cpu = ray.remote(max_retries=RETRIES)(run)
run_on_gpu = ray.remote(max_retries=RETRIES, num_gpus=1, max_calls=GPU_TASKS_PER_PROCESS)(run)
