"""How much memory of a GPU work takes. On a processor, none."""

import contextlib
import math
import tempfile
from collections.abc import Iterator
from pathlib import Path

import torch

from raysweep.data.images import DataSet
from raysweep.results.store import StudyStore
from raysweep.study.core import Trial
from raysweep.training.loop import EVALUATION_BATCH, TrainingRun, evaluate

STEPS = 3
"""Training steps that are measured: with the second one the optimiser's state is there."""


class Peak:
    """Peak memory of a piece of work in bytes, once it has ended."""

    held: int = 0
    """By PyTorch, with what its allocator keeps in reserve."""
    total: int = 0
    """Of the GPU; 0 where there is none."""


@contextlib.contextmanager
def peak_memory(device: torch.device) -> Iterator[Peak]:
    """Measures the work inside, and then returns memory that it no longer needs to the GPU for other processes."""
    peak = Peak()
    if device.type != "cuda":
        yield peak
        return
    torch.cuda.init()  # type: ignore[no-untyped-call] # which the next line does not do by itself
    torch.cuda.reset_peak_memory_stats(device)
    try:
        yield peak
    finally:
        peak.held = torch.cuda.max_memory_reserved(device)
        peak.total = torch.cuda.get_device_properties(device).total_memory
        torch.cuda.empty_cache()


def bytes_besides_pytorch(device: torch.device) -> int:
    """Bytes that are taken besides PyTorch's: the process's context and libraries, if no other process is there."""
    free, total = torch.cuda.mem_get_info(device)
    return total - free - torch.cuda.memory_reserved(device)


def train_briefly(trial: Trial, data: DataSet, device: torch.device) -> None:
    """Trains a trial for a few steps and evaluates it once, and leaves nothing behind."""
    with tempfile.TemporaryDirectory() as scratch:
        run = TrainingRun(trial, data, StudyStore(Path(scratch)), device, math.inf)
        try:
            for _ in range(STEPS):
                if run.advance(0.0).status != "running":
                    break
            evaluate(run.learner, data.validation, EVALUATION_BATCH)
        finally:
            run.close()
