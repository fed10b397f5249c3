"""The backend that runs on Ray: Tune trains the trials, tasks compute the measures, both at once."""

import contextlib
import math
import tempfile
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Event, Thread
from time import monotonic
from typing import Any

import numpy as np
import ray
import torch
from ray import tune
from typing_extensions import override

from raysweep.errors import UserError
from raysweep.execution.agenda import Agenda
from raysweep.execution.cluster.batches import Batches
from raysweep.execution.cluster.packing import Packing
from raysweep.execution.cluster.remote import Board, Done, on_gpu, run_on_cpu, run_on_one_of_gpus
from raysweep.execution.cluster.trainables import TrialTrainable, to_config
from raysweep.execution.pipeline import Backend, Progress
from raysweep.execution.tasks import (
    RETRIES,
    MeasureTask,
    PrepareTask,
    Task,
    TrainTask,
    describe,
    record_failure,
    task_name,
)
from raysweep.results.patience import StorageError
from raysweep.study.core import Resources, Trial

WINDOW = 4
"""Tasks submitted per one that the cluster can run at a time: enough to keep it busy, few enough to keep the driver
small."""
LOSSES = 20
"""How often a trial may lose its process or node before it is given up. Preemptible machines may be taken back
often."""
NEWS_SECONDS = 0.2
"""Seconds between looks at what the trials report."""
CLUSTER_SECONDS = 2.0
"""Seconds between questions to Ray about the cluster's resources, which may change, and the progress of a search's
trials."""


class RayBackend(Backend):
    """Runs work on the Ray cluster that this process is connected to.

    Tune runs in the calling thread, where it can receive Ctrl-C. A second thread runs the tasks; it alone uses the
    agenda and the progress, and a queue tells it what Tune's trials report. Trials that belong to no sweep, such as
    those of a search, run as tasks too: while Tune waits for the next trial it keeps the cores of processes that have
    finished, and the shards on which that trial depends would never get them.
    """

    @override
    def run(self, agenda: Agenda, progress: Progress) -> None:
        check_resources([task.trial for task in agenda.training])
        packing, sweep = Packing(), agenda.take_sweep()
        packing.measure(sweep)
        training = [packing.trained(task) for task in sweep]
        tasks = _Tasks(agenda, training, packing, progress)
        thread = Thread(target=tasks.run, name="raysweep-tasks", daemon=True)
        thread.start()
        try:
            if training:
                _train(training, tasks)
            tasks.training.clear()
            thread.join()
        finally:
            tasks.stopped.set()
            thread.join()
        if tasks.problem is not None:
            raise tasks.problem


def _train(training: Sequence[TrainTask], tasks: "_Tasks") -> None:
    """Trains every trial, unless results cannot be written."""
    halt = _Halt(tasks)
    # We do not use Tune's own records, since we resume from the results folder.
    with tempfile.TemporaryDirectory(prefix="raysweep-tune-", ignore_cleanup_errors=True) as folder:
        _tuner(training, [_Watcher(training, tasks.news)], halt, folder).fit()
    if halt.reason:
        raise StorageError(halt.reason)
    if tasks.problem is None and any(not _has_ended(task) for task in training):
        raise KeyboardInterrupt  # Tune took the Ctrl-C itself, and returned as if all were done


def _tuner(training: Sequence[TrainTask], callbacks: list[tune.Callback], halt: "_Halt", folder: str) -> tune.Tuner:
    return tune.Tuner(
        TrialTrainable,
        param_space={"task": tune.grid_search([to_config(task) for task in training])},
        tune_config=tune.TuneConfig(
            reuse_actors=True,
            trial_name_creator=_trial_name,
            trial_dirname_creator=_trial_name,
        ),
        run_config=tune.RunConfig(
            name="tune",
            storage_path=folder,
            verbose=0,
            stop=halt,
            failure_config=tune.FailureConfig(max_failures=LOSSES),
            checkpoint_config=tune.CheckpointConfig(num_to_keep=1, checkpoint_at_end=False),
            callbacks=callbacks,
        ),
    )


class _Halt(tune.Stopper):  # type: ignore[misc]
    """Stops all trials when one of them, or the tasks' thread, has found that nothing can go on."""

    def __init__(self, tasks: "_Tasks") -> None:
        self.tasks = tasks
        self.reason = ""

    @override
    def __getstate__(self) -> dict[str, Any]:
        return {}  # as of `_Watcher`

    def __call__(self, trial_id: str, result: dict[str, Any]) -> bool:
        """See Tune: a trial has reported."""
        self.reason = self.reason or result.get("halt", "")
        return False

    def stop_all(self) -> bool:
        """See Tune."""
        return bool(self.reason) or self.tasks.problem is not None


@dataclass(frozen=True)
class _News:
    """What Tune tells of a trial."""

    trial: str
    share: float
    ended: bool
    node: str
    seconds: float


class _Watcher(tune.Callback):  # type: ignore[misc]
    """Passes on what Tune's trials report, and records why Tune gave one up."""

    def __init__(self, tasks: Sequence[TrainTask], news: "SimpleQueue[_News | str]") -> None:
        self.tasks = {task.trial.id: task for task in tasks}
        self.news = news
        self.errors: Counter[str] = Counter()

    @override
    def __getstate__(self) -> dict[str, Any]:
        # Tune pickles its callbacks to restore a sweep, which is not how we resume; a queue cannot be pickled.
        return {}

    def on_trial_result(
        self, iteration: int, trials: list[Any], trial: Any, result: dict[str, Any], **info: Any
    ) -> None:
        """See Tune: a trial has reported."""
        share = 1.0 if result["done"] else result["share"]
        self.news.put(_News(result["trial"], share, result["done"], result["hostname"], result["time_total_s"]))

    def on_trial_recover(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
        """See Tune: a trial begins again. Lost processes are counted apart from errors, of which fewer are allowed."""
        task = self.tasks[_trial_name(trial)]
        failure = task.workplace.store.trials.failure(task.trial.id)
        self.errors[task.trial.id] += failure is not None
        self.news.put(f"{task.trial.id}: {failure or 'its process was lost'}; it goes on from its last checkpoint")
        if self.errors[task.trial.id] >= RETRIES:
            trial.max_failures = trial.num_failures  # the next one is the last

    def on_trial_error(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
        """See Tune: a trial has failed for the last time."""
        task = self.tasks[_trial_name(trial)]
        if task.workplace.store.trials.failure(task.trial.id) is None:  # its process died before it could say why
            lines = [line for line in str(trial.get_error()).splitlines() if line.strip()]
            record_failure(task, lines[-1])
        self.news.put(_News(task.trial.id, 1.0, True, "", 0.0))


class _Tasks:
    """Runs the tasks of an agenda as models appear, and leaves the resources that the trials need to them."""

    def __init__(self, agenda: Agenda, training: Sequence[TrainTask], packing: Packing, progress: Progress) -> None:
        self.agenda = agenda
        self.packing = packing
        self.progress = progress
        self.news: SimpleQueue[_News | str] = SimpleQueue()
        self.training = Event()
        """Set while trials may still report."""
        self._trials = {task.trial.id: task for task in training}
        """Trials of Tune that have not ended."""
        if training:
            self.training.set()
        self.stopped = Event()
        """Set when the remaining work must not be done."""
        self.problem: BaseException | None = None
        self._pending: dict[Any, tuple[list[Task], dict[str, float]]] = {}
        """Tasks that Ray has, each with the resources that it occupies."""
        self._batches = Batches()
        self._again: deque[Task] = deque()
        self._weights = _SharedWeights()
        self._cluster: Mapping[str, float] = {}
        self._on_gpu: Any = None
        """What runs tasks on the cluster's GPUs."""
        self._asked = -math.inf
        self._nodes: dict[str, str] = {}
        """Host names of the nodes, by Ray's ids."""
        self._board: Any = None
        """Where trials that run as tasks report their progress, once there are any."""

    def run(self) -> None:
        """Works until the agenda is done or `stopped` is set. An error that occurs here is left in `problem`."""
        try:
            self._run()
        except BaseException as error:  # nobody would see an error that is raised in this thread
            self.problem = error

    def _run(self) -> None:
        while not self.stopped.is_set():
            # This is asked before the reports are read, so that the last ones are not missed.
            training = self.training.is_set()
            self._read_news()
            self._submit()
            if self._pending:
                # Without a limit, Ctrl-C would wait for the end of a shard.
                ray.wait(list(self._pending), num_returns=1, timeout=NEWS_SECONDS)
                self._collect()
            elif training:
                self._read_news(NEWS_SECONDS)
            else:
                return

    def _read_news(self, patience: float = 0.0) -> None:
        """Reads what Tune has reported; waits for a first report for that many seconds."""
        with contextlib.suppress(Empty):
            self._read(self.news.get(timeout=patience) if patience else self.news.get_nowait())
            while True:
                self._read(self.news.get_nowait())

    def _read(self, news: _News | str) -> None:
        if isinstance(news, str):
            self.progress.note(news)
            return
        task = self._trials.get(news.trial)
        if task is None:
            return
        self.progress.advance(news.trial, news.share, news.node, news.seconds)
        if news.ended:
            del self._trials[news.trial]
            self.agenda.end(task)

    def _submit(self) -> None:
        """Gives Ray as many tasks as it may have.

        Tasks that wait in Ray would take every core that a trial frees before Tune could place the next trial there. So
        while trials are left, Ray gets only the tasks that fit next to them.
        """
        if monotonic() - self._asked >= CLUSTER_SECONDS:
            self._ask()
        cluster = self._cluster
        room = left_by([task.trial.resources for task in self._trials.values()], cluster)
        for _, needs in self._pending.values():
            _subtract(room, needs)
        while (next_task := self._next()) is not None:
            needs = _needs(self.packing.resources(next_task), cluster)
            slots = max(1.0, min(cluster.get(name, 1.0) / need for name, need in needs.items()))
            finds_room = not self._trials or self._is_first(next_task) or _subtract(room, needs)
            if len(self._pending) >= WINDOW * math.ceil(slots) or not finds_room:
                self._again.appendleft(next_task)
                return
            remote, batch = self._on_gpu if "GPU" in needs else run_on_cpu, [next_task]
            if remote is run_on_one_of_gpus:
                size = self._batches.size(next_task, self.agenda.ready, slots)
                batch, other = self._batches.fill(next_task, size, self._next)
                if other is not None:
                    self._again.appendleft(other)
            if isinstance(next_task, TrainTask) and self._board is None:
                self._board = ray.remote(num_cpus=0, max_restarts=-1)(Board).remote()
            self._pending[_submit(batch, remote, needs, self._board, self._weights)] = batch, needs

    def _ask(self) -> None:
        """Asks for the cluster's resources, and for the progress of a search's trials."""
        nodes = [node for node in ray.nodes() if node["Alive"]]
        self._cluster, self._on_gpu, self._asked = ray.cluster_resources(), on_gpu(nodes), monotonic()
        before, self._nodes = self._nodes, {node["NodeID"]: node["NodeManagerHostname"] for node in nodes}
        if before:
            now = f"the cluster has {len(nodes)} nodes, {self._cluster.get('CPU', 0):g} cores"
            for node, host in {**before, **self._nodes}.items():
                if node not in before or node not in self._nodes:
                    self.progress.note(f"Node {host} has {'left' if node in before else 'joined'}: {now}")
        if self._board is None:
            return
        try:
            told = ray.get(self._board.read.remote(), timeout=NEWS_SECONDS)
        except ray.exceptions.RayError:  # the board is busy, or was lost and started again
            return
        for (task, *_), _ in self._pending.values():
            if task_name(task) in told:
                self.progress.advance(task_name(task), *told[task_name(task)])

    def _is_first(self, task: Task) -> bool:
        """Whether a task may take a core that a trial frees before the next trial does: only for the first results."""
        return isinstance(task, PrepareTask) or (isinstance(task, MeasureTask) and task.trial.id in self.agenda.first)

    def _next(self) -> Task | None:
        """The next work that can start, shards before trials: a search learns from shards what to try next."""
        if self._again:
            return self._again.popleft()
        return self.agenda.take() or self.agenda.take_trial()

    def _collect(self) -> None:
        """Takes up every task that has ended."""
        ended, _ = ray.wait(list(self._pending), num_returns=len(self._pending), timeout=0)
        for reference in ended:
            batch, _ = self._pending.pop(reference)
            try:
                found: list[Done] = ray.get(reference)
            except ray.exceptions.RayError as error:
                found, left = [], batch[1:]
                self._give_up_or_retry(batch[0], _cause(error))
            else:
                left = batch[len(found) :]
            for task, done in zip(batch, found, strict=False):
                self.packing.learn(task, done.held, done.total)
                self._batches.learn(task, done.seconds)
                self.progress.advance(task_name(task), 1.0, done.node, done.seconds)
                self.agenda.end(task)
            self._again.extend(left)
            if len(found) < len(batch):
                self._batches.part(batch)

    def _give_up_or_retry(self, task: Task, error: BaseException) -> None:
        if isinstance(error, torch.OutOfMemoryError):
            self.packing.exceeded(task)
        if self.agenda.comes_again(task, error):
            self._again.append(task)


def left_by(trials: Sequence[Resources], cluster: Mapping[str, float]) -> dict[str, float]:
    """The cores and GPUs of a cluster that are left when as many of these trials run as fit.

    If one more trial waits for a resource, none of that resource is left: the trial gets what becomes free.
    """
    room = {"CPU": cluster.get("CPU", 0.0), "GPU": cluster.get("GPU", 0.0)}
    for resources in trials:
        needs = _needs(resources, cluster)
        for name in needs:
            if needs[name] > room[name]:
                room[name] = 0.0
        if not _subtract(room, needs):
            break
    return room


def _subtract(room: dict[str, float], needs: Mapping[str, float]) -> bool:
    """Takes `needs` out of `room` if they fit, and returns whether they do."""
    if any(need > room[name] + 1e-9 for name, need in needs.items()):
        return False
    for name, need in needs.items():
        room[name] -= need
    return True


def _needs(resources: Resources, cluster: Mapping[str, float]) -> dict[str, float]:
    """What work asks of Ray: a GPU only where the cluster has any."""
    gpus = resources.gpus if cluster.get("GPU") else 0.0
    return {"CPU": resources.cpus, **({"GPU": gpus} if gpus else {})}


def check_resources(trials: Sequence[Trial]) -> None:
    """Compares the trials' needs with the nodes: Ray would wait for ever for resources that no node has.

    Raises:
        UserError: a trial asks for more than any node has.
    """
    nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    has_gpus = any(node.get("GPU") for node in nodes)
    for trial in trials:
        cpus, gpus = trial.resources.cpus, trial.resources.gpus if has_gpus else 0
        if not any(node.get("CPU", 0) >= cpus and node.get("GPU", 0) >= gpus for node in nodes):
            largest = max((node.get("CPU", 0), node.get("GPU", 0)) for node in nodes)
            raise UserError(
                f"arm {trial.arm} asks for {cpus} cores and {gpus:g} GPUs, more than any node has (the largest has "
                f"{largest[0]:g} and {largest[1]:g}); set arms.{trial.arm}.resources.cpus or .gpus lower"
            )


class _SharedWeights:
    """Model files in Ray's object store: those of the classifier and of the latest trials."""

    KEPT = 8

    def __init__(self) -> None:
        self._references: dict[str, Any] = {}

    def of(self, task: Task) -> dict[str, Any]:
        """References to the files that the task needs, by trial id."""
        if isinstance(task, TrainTask):
            return {}
        trials = [task.trial] if isinstance(task, MeasureTask) else []
        if task.classifier is not None and task.measure.needs_classifier:
            trials.append(task.classifier)
        for trial in trials:
            if trial.id not in self._references:
                content = np.frombuffer(task.workplace.store.trials.read_model(trial.id), dtype=np.uint8)
                self._references[trial.id] = ray.put(content)
        needed = {trial.id: self._references[trial.id] for trial in trials}
        # The newest comes last. A file that is dropped here stays in memory until the tasks that use it are done.
        kept = {**{k: v for k, v in self._references.items() if k not in needed}, **needed}
        self._references = dict(list(kept.items())[-self.KEPT :])
        return needed


def _submit(batch: Sequence[Task], remote: Any, needs: Mapping[str, float], board: Any, weights: _SharedWeights) -> Any:
    shared = weights.of(batch[0])
    # Ray retries one batch when its process is lost. `_Tasks` retries errors of our own code.
    options = {"num_cpus": needs["CPU"], **({"num_gpus": needs["GPU"]} if "GPU" in needs else {})}
    return remote.options(**options).remote(batch, board, list(shared), *shared.values())


def _cause(error: Exception) -> BaseException:
    cause = getattr(error, "cause", None)
    return cause if isinstance(cause, BaseException) else RuntimeError(describe(error))


def _has_ended(task: TrainTask) -> bool:
    """Whether the trial was trained, or given up."""
    return task.has_ended or task.workplace.store.trials.failure(task.trial.id) is not None


def _trial_name(trial: Any) -> str:
    return str(trial.config["task"]["id"])
