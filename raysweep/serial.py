"""Everything in this process, one after the other: for debugging, tests, and a GPU machine without Ray."""

import socket
from collections import Counter, deque
from collections.abc import Callable
from time import monotonic
from typing import Any

import torch

from raysweep.agenda import Agenda
from raysweep.pipeline import Progress
from raysweep.tasks import (
    RETRIES,
    MeasureTask,
    PrepareTask,
    Task,
    TrainTask,
    describe,
    record_failure,
    task_name,
    worth_retrying,
)
from raysweep.worker import Worker, start_training

STEP_SECONDS = 2.0
"""How often the progress is told, in seconds of training."""


class SerialBackend:
    """Runs work in this process, on the GPU if there is one: all training, then all the rest.

    Failed work is retried when nothing else is left to do.
    """

    def __init__(self) -> None:
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")

    def run(self, agenda: Agenda, progress: Progress) -> None:
        """See `Backend`."""
        node, worker = socket.gethostname(), Worker(self.device)

        def compute(task: PrepareTask | MeasureTask) -> bool:
            started = monotonic()
            worker.run(task)
            progress.advance(task_name(task), 1.0, node, monotonic() - started)
            return True

        def train(task: TrainTask) -> bool:
            return self._train(task, progress)

        training = iter(agenda.training)
        self._do(lambda: next(training, None), train, agenda)
        self._do(agenda.take, compute, agenda)

    def _train(self, task: TrainTask, progress: Progress) -> bool:
        """Trains a trial; whether it left a model."""
        node, started = socket.gethostname(), monotonic()
        run = start_training(task, self.device)
        try:
            while (state := run.advance(STEP_SECONDS)).status == "running":
                progress.advance(task.trial.id, state.share, node, monotonic() - started)
        finally:
            run.close()
        progress.advance(task.trial.id, 1.0, node, monotonic() - started)
        return state.status == "finished"

    def _do(self, take: Callable[[], Task | None], do: Callable[[Any], bool], agenda: Agenda) -> None:
        """Does all that `take` gives; `do` says whether a task left what others wait for."""
        tries, again = Counter[str](), deque[Task]()
        while (task := take() or (again.popleft() if again else None)) is not None:
            name = task_name(task)
            tries[name] += 1
            try:
                succeeded = do(task)
            except Exception as error:  # whatever it is, the other tasks go on
                if tries[name] <= RETRIES and worth_retrying(error):
                    again.append(task)
                    continue
                record_failure(task, describe(error))
                succeeded = False
            (agenda.succeed if succeeded else agenda.fail)(name)
