"""Everything in this process, one after the other: for debugging, tests, and a GPU machine without Ray."""

from collections.abc import Callable, Sequence
from typing import TypeVar

import torch

from raysweep.pipeline import Progress
from raysweep.tasks import (
    RETRIES,
    MeasureTask,
    PrepareTask,
    TrainTask,
    describe,
    record_failure,
    task_name,
    worth_retrying,
)
from raysweep.worker import Worker, start_training

AnyTask = TypeVar("AnyTask", TrainTask, PrepareTask | MeasureTask)

STEP_SECONDS = 2.0
"""How often the progress is told, in seconds of training."""


class SerialBackend:
    """Runs work in this process, on the GPU if there is one. Failed work is retried after all the rest."""

    def __init__(self) -> None:
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")

    def train(self, tasks: Sequence[TrainTask], progress: Progress) -> None:
        """See `Backend`."""
        self._with_retries(tasks, lambda task: self._train(task, progress))

    def compute(self, tasks: Sequence[PrepareTask | MeasureTask], progress: Progress) -> None:
        """See `Backend`."""
        worker = Worker(self.device)

        def run(task: PrepareTask | MeasureTask) -> None:
            worker.run(task)
            progress.advance(task_name(task), 1.0)

        self._with_retries(tasks, run)

    def _train(self, task: TrainTask, progress: Progress) -> None:
        run = start_training(task, self.device)
        try:
            while (state := run.advance(STEP_SECONDS)).status == "running":
                progress.advance(task.trial.id, state.share)
        finally:
            run.close()
        progress.advance(task.trial.id, 1.0)

    def _with_retries(self, tasks: Sequence[AnyTask], run: Callable[[AnyTask], None]) -> None:
        for attempt in range(1 + RETRIES):
            failed = []
            for task in tasks:
                try:
                    run(task)
                except Exception as error:  # whatever it is, the other tasks go on
                    if attempt == RETRIES or not worth_retrying(error):
                        record_failure(task, describe(error))
                    else:
                        failed.append(task)
            tasks = failed
