"""Runs everything in this process, one after the other: for debugging, tests, and a GPU machine without Ray."""

import socket
from collections import deque
from time import monotonic

import torch
from typing_extensions import override

from raysweep.execution.agenda import Agenda
from raysweep.execution.pipeline import Backend, Progress
from raysweep.execution.tasks import Task, task_name
from raysweep.execution.worker import Worker


class SerialBackend(Backend):
    """Runs work in this process, on the GPU if there is one.

    Failed work is retried once no other work is left.
    """

    def __init__(self) -> None:
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")

    @override
    def run(self, agenda: Agenda, progress: Progress) -> None:
        worker, again = Worker(self.device), deque[Task]()
        while (task := agenda.take_next() or (again.popleft() if again else None)) is not None:
            try:
                _do(task, worker, progress)
            except Exception as error:  # whatever it is, the other tasks go on
                if agenda.comes_again(task, error):
                    again.append(task)
            else:
                agenda.end(task)


def _do(task: Task, worker: Worker, progress: Progress) -> None:
    node, started = socket.gethostname(), monotonic()

    def tell(share: float) -> None:
        progress.advance(task_name(task), share, node, monotonic() - started)

    tell(0.0)
    worker.run(task, tell=tell)
    tell(1.0)
