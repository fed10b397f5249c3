"""The backend that runs on Ray: Tune trains the trials, tasks compute the measures."""

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import ray
from ray import tune

from raysweep.cluster.tasks import run_on_cpu, run_on_gpu
from raysweep.cluster.trainables import SweepTrainable, to_config
from raysweep.errors import UserError
from raysweep.pipeline import Progress
from raysweep.study.core import Resources, Trial
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

WINDOW = 4
"""Tasks submitted per slot of the cluster: enough to keep it busy, few enough to keep the driver small."""


class RayBackend:
    """Runs work on the Ray cluster that this process is connected to."""

    def train(self, tasks: Sequence[TrainTask], progress: Progress) -> None:
        """See `Backend`. Tune's own records are kept beside the results and are not needed to resume."""
        check_resources([task.trial for task in tasks])
        tuner = tune.Tuner(
            SweepTrainable,
            param_space={"task": tune.grid_search([to_config(task) for task in tasks])},
            tune_config=tune.TuneConfig(
                reuse_actors=True,
                trial_name_creator=_trial_name,
                trial_dirname_creator=_trial_name,
            ),
            run_config=tune.RunConfig(
                name="tune",
                storage_path=str(tasks[0].workplace.results),
                verbose=0,
                failure_config=tune.FailureConfig(max_failures=RETRIES),
                checkpoint_config=tune.CheckpointConfig(num_to_keep=1, checkpoint_at_end=False),
                callbacks=[_Watcher(progress)],
            ),
        )
        results = tuner.fit()
        for task, result in zip(tasks, _in_order(results, tasks), strict=True):
            if result is not None and task.workplace.store.trial_failure(task.trial.id) is None:
                record_failure(task, result)
        if any(not _has_ended(task) for task in tasks):
            raise KeyboardInterrupt  # which Tune took for itself, and then returned as if all were done

    def compute(self, tasks: Sequence[PrepareTask | MeasureTask], progress: Progress) -> None:
        """See `Backend`. A model file is read once here and travels to each node once, through Ray's object store."""
        check_resources([task.trial for task in tasks if isinstance(task, MeasureTask)])
        attempts = {task_name(task): 0 for task in tasks}
        pending: dict[Any, PrepareTask | MeasureTask] = {}
        waiting: Iterator[PrepareTask | MeasureTask] = iter(tasks)
        again: list[PrepareTask | MeasureTask] = []
        weights = _SharedWeights()
        window = WINDOW * max(1, math.ceil(ray.cluster_resources().get("CPU", 1)))
        while True:
            while len(pending) < window and (task := again.pop() if again else next(waiting, None)) is not None:
                pending[_submit(task, weights)] = task
            if not pending:
                return
            done, _ = ray.wait(list(pending), num_returns=1)
            for reference in done:
                task = pending.pop(reference)
                error = _error_of(reference)
                if error is None:
                    progress.advance(task_name(task), 1.0)
                    continue
                attempts[task_name(task)] += 1
                if attempts[task_name(task)] > RETRIES or not worth_retrying(error):
                    record_failure(task, describe(error))
                else:
                    again.append(task)


def check_resources(trials: Sequence[Trial]) -> None:
    """Compares what trials ask for with the nodes: Ray would wait for ever for what no node has.

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


class _Watcher(tune.Callback):  # type: ignore[misc]
    """Tells the progress what Tune's trials report."""

    def __init__(self, progress: Progress) -> None:
        self.progress = progress

    def __getstate__(self) -> dict[str, Any]:
        # Tune pickles its callbacks to restore a sweep, which is not how we resume; a console cannot be pickled.
        return {}

    def on_trial_result(
        self, iteration: int, trials: list[Any], trial: Any, result: dict[str, Any], **info: Any
    ) -> None:
        """See Tune: a trial has reported."""
        self.progress.advance(result["trial"], 1.0 if result["done"] else result["share"])


class _SharedWeights:
    """Model files in Ray's object store: those of the classifier and of the latest trials."""

    KEPT = 8

    def __init__(self) -> None:
        self._references: dict[str, Any] = {}

    def of(self, task: PrepareTask | MeasureTask) -> dict[str, Any]:
        """References to the files that the task needs, by trial id."""
        trials = [task.trial] if isinstance(task, MeasureTask) else []
        if task.classifier is not None and task.measure.needs_classifier:
            trials.append(task.classifier)
        for trial in trials:
            if trial.id not in self._references:
                content = np.fromfile(task.workplace.store.model_path(trial.id), dtype=np.uint8)
                self._references[trial.id] = ray.put(content)
        needed = {trial.id: self._references[trial.id] for trial in trials}
        # Newest last; what is dropped here lives on until the tasks that hold it are done.
        kept = {**{k: v for k, v in self._references.items() if k not in needed}, **needed}
        self._references = dict(list(kept.items())[-self.KEPT :])
        return needed


def _submit(task: PrepareTask | MeasureTask, weights: _SharedWeights) -> Any:
    shared = weights.of(task)
    resources = task.trial.resources if isinstance(task, MeasureTask) else Resources()
    # What a retry of a lost process repeats is one shard; errors of our own code are retried by `compute`.
    if resources.gpus and ray.cluster_resources().get("GPU"):
        remote = run_on_gpu.options(num_cpus=resources.cpus, num_gpus=resources.gpus)
    else:
        remote = run_on_cpu.options(num_cpus=resources.cpus)
    return remote.remote(task, list(shared), *shared.values())


def _error_of(reference: Any) -> BaseException | None:
    try:
        ray.get(reference)
    except ray.exceptions.RayError as error:
        cause = getattr(error, "cause", None)
        return cause if isinstance(cause, BaseException) else RuntimeError(describe(error))
    return None


def _has_ended(task: TrainTask) -> bool:
    """Whether the trial was trained, or given up."""
    store, trial = task.workplace.store, task.trial.id
    return store.trial_record(trial) is not None or store.trial_failure(trial) is not None


def _trial_name(trial: Any) -> str:
    return str(trial.config["task"]["id"])


def _in_order(results: Any, tasks: Sequence[TrainTask]) -> Iterator[str | None]:
    """For each task, why Tune gave it up, or None."""
    errors = {}
    for result in results:
        if result.error is not None:
            lines = [line for line in str(result.error).splitlines() if line.strip()]
            errors[result.config["task"]["id"]] = lines[-1] if lines else type(result.error).__name__
    return iter([errors.get(task.trial.id) for task in tasks])
