"""Everything in this process, one after the other: for debugging, tests, and a GPU machine without Ray."""

import socket
from collections import Counter, deque
from time import monotonic

import torch
from typing_extensions import override

from raysweep.execution.agenda import Agenda
from raysweep.execution.pipeline import Backend, Progress
from raysweep.execution.tasks import RETRIES, Task, describe, has_succeeded, record_failure, task_name, worth_retrying
from raysweep.execution.worker import Worker
from raysweep.results.patience import StorageError


class SerialBackend(Backend):
    """Runs work in this process, on the GPU if there is one: all training that is there, then the rest.

    Failed work is retried when nothing else is left to do.
    """

    def __init__(self) -> None:
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")

    @override
    def run(self, agenda: Agenda, progress: Progress) -> None:
        worker, tries, again = Worker(self.device), Counter[str](), deque[Task]()

        def take() -> Task | None:
            return agenda.take_trial() or agenda.take() or (again.popleft() if again else None)

        while (task := take()) is not None:
            name = task_name(task)
            tries[name] += 1
            try:
                _do(task, worker, progress)
            except StorageError:  # the next task would wait for it as long, and its failure could not be recorded
                raise
            except Exception as error:  # whatever it is, the other tasks go on
                if tries[name] <= RETRIES and worth_retrying(error):
                    again.append(task)
                    continue
                record_failure(task, describe(error))
                agenda.fail(name)
            else:
                (agenda.succeed if has_succeeded(task) else agenda.fail)(name)


def _do(task: Task, worker: Worker, progress: Progress) -> None:
    node, started = socket.gethostname(), monotonic()

    def tell(share: float) -> None:
        progress.advance(task_name(task), share, node, monotonic() - started)

    worker.run(task, tell=tell)
    tell(1.0)
