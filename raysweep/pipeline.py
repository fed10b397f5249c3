"""Train the trials, measure what they left, gather the tables: what is missing is done, what exists is not done again.

Workers write their results into the results folder themselves, whole or not at all. So to resume is to run the same
command again: after a crash, on another cluster, or with a larger study.
"""

import io
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from raysweep.cost import trial_cost
from raysweep.data import load_data
from raysweep.data.images import DataSet
from raysweep.errors import UserError
from raysweep.measures import prepare, run_measure
from raysweep.measures.context import MeasureContext
from raysweep.models import build_learner
from raysweep.models.learner import Learner
from raysweep.models.lenet import LeNetLearner
from raysweep.schema import Table
from raysweep.store import Stopwatch, StudyStore, measure_key, measurements
from raysweep.study.core import Study, Trial
from raysweep.study.data import DataFacts, DataSettings
from raysweep.study.measures import AnyMeasure, Shard
from raysweep.training import TrainingRun

Step = Literal["train", "measure", "report"]
SHARD_OVERHEAD = 2e9
"""What every shard costs beside its operations, as operations, where the remaining time is estimated."""
RETRIES = 2
"""How often failed work is tried again before its failure is recorded."""


@dataclass(frozen=True)
class Workplace:
    """Where work finds its input and leaves its results; plain values that cross to other machines."""

    results: Path
    """The study's results folder, seen from every node."""
    data: Path
    """The data folder, seen from every node."""
    fid_weights: Path | None = None
    """File of the Inception weights."""

    @property
    def store(self) -> StudyStore:
        """The results folder."""
        return StudyStore(self.results)


@dataclass(frozen=True)
class TrainTask:
    """A trial to train."""

    trial: Trial
    workplace: Workplace
    checkpoint_seconds: float
    flop: float
    """Estimated operations: what it weighs in the progress, and long trials start first."""


@dataclass(frozen=True)
class PrepareTask:
    """Statistics to compute once for the study."""

    measure: AnyMeasure
    key: str
    classifier: Trial | None
    data: DataSettings
    workplace: Workplace


@dataclass(frozen=True)
class Followed:
    """The measure that another one follows, as it stands for one trial."""

    table: Table
    key: str
    shards: frozenset[str]
    """Keys of all its shards."""


@dataclass(frozen=True)
class MeasureTask:
    """A shard to compute."""

    measure: AnyMeasure
    key: str
    trial: Trial
    shard: Shard
    classifier: Trial | None
    followed: Followed | None
    workplace: Workplace
    flop: float

    @property
    def can_start(self) -> bool:
        """Whether what its measure follows is there: every shard of the same trial."""
        if self.followed is None:
            return True
        return self.followed.shards <= self.workplace.store.existing_shards(self.followed.key, self.trial.id)


class Progress(Protocol):
    """Who is told how the work goes on."""

    def start(self, phase: str, total: Mapping[str, float], already: int) -> None:
        """A phase begins: the weight of each piece of work by its name, and how many were done before."""

    def advance(self, name: str, share: float) -> None:
        """A piece of work is done to `share` (0 … 1)."""

    def finish(self) -> None:
        """The phase is over."""


class Backend(Protocol):
    """What runs the work: one process, or a Ray cluster.

    Each method returns when all its work has ended, well or badly. Failed work is retried, and its last error is
    recorded in the results folder by `record_failure`; a failure never ends the others.
    """

    def train(self, tasks: Sequence[TrainTask], progress: Progress) -> None:
        """Trains every trial."""

    def compute(self, tasks: Sequence[PrepareTask | MeasureTask], progress: Progress) -> None:
        """Runs every task, in any order."""


@dataclass(frozen=True)
class Outcome:
    """How many pieces of work there are, and how they stand."""

    finished: int = 0
    diverged: int = 0
    failed: int = 0
    missing: int = 0
    shards: int = 0
    shards_missing: int = 0
    reasons: tuple[str, ...] = field(default=())
    """Why trials or shards failed, each reason once."""


def run_study(study: Study, workplace: Workplace, backend: Backend, progress: Progress, steps: Iterable[Step]) -> None:
    """Does what is missing of the study, and gathers the tables.

    `steps` chooses among training and measuring; tables are gathered always. A failure is recorded and left for the
    next run; `outcome` tells.
    """
    facts = study.data.facts(workplace.data)
    steps = set(steps)
    if "train" in steps:
        train(study, facts, workplace, backend, progress)
    if "measure" in steps:
        measure(study, facts, workplace, backend, progress)
    workplace.store.collect(study, facts)


def train(study: Study, facts: DataFacts, workplace: Workplace, backend: Backend, progress: Progress) -> None:
    """Trains the trials that have not ended, longest first."""
    tasks = [
        TrainTask(trial, workplace, study.checkpoint_seconds, trial_cost(trial, facts).flop)
        for trial in study.trials
        if workplace.store.trial_record(trial.id) is None
    ]
    tasks.sort(key=lambda task: -task.flop)
    if tasks:
        progress.start("train", {task.trial.id: task.flop for task in tasks}, len(study.trials) - len(tasks))
        backend.train(tasks, progress)
        progress.finish()


def measure(study: Study, facts: DataFacts, workplace: Workplace, backend: Backend, progress: Progress) -> None:
    """Computes the missing shards of the finished trials: what a measure needs first, then the longest first."""
    store = workplace.store
    finished = {trial.id for trial in study.trials if _is_finished(store, trial)}
    classifier = study.classifier_trial
    usable = [m for m in study.measures if not m.needs_classifier or (classifier and classifier.id in finished)]
    prepared = [
        PrepareTask(m, measure_key(study, m), classifier, study.data, workplace)
        for m in usable
        if m.needs_reference and not store.asset_path(asset_name(measure_key(study, m))).is_file()
    ]
    if prepared:
        progress.start("prepare", {task.key: 1.0 for task in prepared}, 0)
        backend.compute(prepared, progress)
        progress.finish()
    tasks, done = _missing_shards(study, facts, workplace, finished)
    if tasks:
        progress.start("measure", {task_name(task): task.flop + SHARD_OVERHEAD for task in tasks}, done)
        for wave in waves(study):
            # What the wave follows is complete by now, unless some of it failed.
            ready = [task for task in tasks if task.measure in wave and task.can_start]
            if ready:
                backend.compute(ready, progress)
        progress.finish()


def waves(study: Study) -> list[list[AnyMeasure]]:
    """The measures in the order in which they can run: those that follow none, then those that follow these …"""
    left, found = list(study.measures), list[list[AnyMeasure]]()
    while left:
        earlier = [m for wave in found for m in wave]
        found.append([m for m in left if m.follows is None or study.followed(m) in earlier])
        left = [m for m in left if m not in found[-1]]
    return found


def _missing_shards(
    study: Study, facts: DataFacts, workplace: Workplace, finished: Container[str]
) -> tuple[list[MeasureTask], int]:
    """A task for each shard of the finished trials that is missing; and how many are there."""
    store, classifier = workplace.store, study.classifier_trial
    ready = {
        m.name
        for m in study.measures
        if (not m.needs_classifier or (classifier and classifier.id in finished))
        and (not m.needs_reference or store.asset_path(asset_name(measure_key(study, m))).is_file())
    }
    tasks, done = [], 0
    existing: dict[tuple[str, str], set[str]] = {}
    for m, trial, shard in measurements(study, facts):
        if m.name not in ready or trial.id not in finished:
            continue
        key = measure_key(study, m)
        if (key, trial.id) not in existing:
            existing[key, trial.id] = store.existing_shards(key, trial.id)
        if shard.key in existing[key, trial.id]:
            done += 1
        else:
            flop = m.flop(trial.model, facts, shard)
            followed = _followed(study, facts, m, trial)
            tasks.append(MeasureTask(m, key, trial, shard, classifier, followed, workplace, flop))
    # Shards of one trial follow one another, so a process loads each model once.
    weight = {trial.id: sum(task.flop for task in tasks if task.trial.id == trial.id) for trial in study.trials}
    tasks.sort(key=lambda task: (-weight[task.trial.id], task.trial.id))
    return tasks, done


def _followed(study: Study, facts: DataFacts, measure: AnyMeasure, trial: Trial) -> Followed | None:
    followed = study.followed(measure)
    if followed is None:
        return None
    shards = frozenset(shard.key for shard in followed.shards(trial.model, facts))
    return Followed(followed.table, measure_key(study, followed), shards)


def outcome(study: Study, workplace: Workplace) -> Outcome:
    """How the study stands."""
    store, facts = workplace.store, study.data.facts(workplace.data)
    statuses = {"finished": 0, "diverged": 0, "failed": 0, "missing": 0}
    reasons: list[str] = []
    for trial in study.trials:
        record, failure = store.trial_record(trial.id), store.trial_failure(trial.id)
        statuses[record.status if record else "failed" if failure else "missing"] += 1
        reasons += [failure] if failure and not record else []
    shards = list(measurements(study, facts))
    missing = [
        (m, trial, shard)
        for m, trial, shard in shards
        if not store.shard_path(measure_key(study, m), trial.id, shard).is_file()
    ]
    reasons += [
        reason for m, trial, shard in missing if (reason := store.shard_failure(measure_key(study, m), trial.id, shard))
    ]
    reasons += [
        reason
        for m in study.measures
        if m.needs_reference and (reason := store.asset_failure(asset_name(measure_key(study, m))))
    ]
    return Outcome(**statuses, shards=len(shards), shards_missing=len(missing), reasons=tuple(dict.fromkeys(reasons)))


def asset_name(key: str) -> str:
    """File of the statistics that the measure of that key prepares once for the study."""
    return f"{key}.npz"


def task_name(task: PrepareTask | MeasureTask) -> str:
    """A name that no other task of the study has."""
    return task.key if isinstance(task, PrepareTask) else f"{task.key}/{task.trial.id}/{task.shard.key}"


# What workers do, in any backend


def start_training(task: TrainTask, device: torch.device) -> TrainingRun:
    """The trial of a task, ready to go on from its checkpoint if there is one."""
    data = load_data(task.trial.data, task.workplace.data)
    return TrainingRun(task.trial, data, task.workplace.store, device, task.checkpoint_seconds)


class Worker:
    """Runs tasks in this process; keeps the last model, classifier and reference, which the next task mostly needs."""

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self._kept: dict[str, tuple[str, Learner]] = {}
        self._reference: tuple[str, Mapping[str, NDArray[Any]]] = ("", {})

    def run(self, task: PrepareTask | MeasureTask, weights: Mapping[str, NDArray[np.uint8]] | None = None) -> None:
        """Computes a task and writes its result; `weights` are the contents of model files, by trial id."""
        torch.set_num_threads(task.trial.resources.cpus if isinstance(task, MeasureTask) else 1)
        if isinstance(task, PrepareTask):
            self._prepare(task, weights)
        else:
            self._measure(task, weights)

    def _prepare(self, task: PrepareTask, weights: Mapping[str, NDArray[np.uint8]] | None) -> None:
        data = load_data(task.data, task.workplace.data)
        classifier = self._classifier(task, data, weights)
        arrays = prepare(task.measure, data, classifier, task.workplace.fid_weights, self.device)
        task.workplace.store.save_asset(asset_name(task.key), lambda file: np.savez(file, **arrays))  # type: ignore[arg-type]

    def _measure(self, task: MeasureTask, weights: Mapping[str, NDArray[np.uint8]] | None) -> None:
        stopwatch = Stopwatch.start()
        with stopwatch.running():
            data = load_data(task.trial.data, task.workplace.data)
            context = MeasureContext(
                task.trial,
                self._learner("trial", task.trial, data.facts, task.workplace.store, weights),
                data,
                self.device,
                self._classifier(task, data, weights),
                self._load_reference(task) if task.measure.needs_reference else {},
                task.workplace.fid_weights,
                self._load_followed(task),
                task.workplace.data,
            )
            rows = run_measure(task.measure, task.shard, context)
        task.workplace.store.save_shard(task.key, task.trial.id, task.shard, rows, stopwatch.work())

    def _classifier(
        self, task: PrepareTask | MeasureTask, data: DataSet, weights: Mapping[str, NDArray[np.uint8]] | None
    ) -> LeNetLearner | None:
        if not task.measure.needs_classifier or task.classifier is None:
            return None
        learner = self._learner("classifier", task.classifier, data.facts, task.workplace.store, weights)
        assert isinstance(learner, LeNetLearner)
        return learner

    def _learner(
        self,
        role: str,
        trial: Trial,
        facts: DataFacts,
        store: StudyStore,
        weights: Mapping[str, NDArray[np.uint8]] | None,
    ) -> Learner:
        name = f"{store.folder}/{trial.id}"
        if role not in self._kept or self._kept[role][0] != name:
            self._kept.pop(role, None)  # free its memory before the next one is built
            learner = build_learner(trial.model, facts, trial.seed, self.device)
            given = (weights or {}).get(trial.id)
            source = store.model_path(trial.id) if given is None else io.BytesIO(given.tobytes())
            learner.load_weights(torch.load(source, map_location=self.device, weights_only=True))
            self._kept[role] = (name, learner)
        return self._kept[role][1]

    def _load_reference(self, task: MeasureTask) -> Mapping[str, NDArray[Any]]:
        path = task.workplace.store.asset_path(asset_name(task.key))
        if self._reference[0] != str(path):
            with np.load(path, allow_pickle=False) as arrays:
                self._reference = (str(path), dict(arrays))
        return self._reference[1]

    @staticmethod
    def _load_followed(task: MeasureTask) -> pd.DataFrame:
        if task.followed is None:
            return pd.DataFrame()
        rows = task.workplace.store.shard_rows(task.followed.table, task.followed.key, task.trial.id)
        return pd.DataFrame(rows.to_pandas())


def record_failure(task: TrainTask | PrepareTask | MeasureTask, reason: str) -> None:
    """Records why a task failed, in the results folder; the next run tries it again."""
    store = task.workplace.store
    if isinstance(task, TrainTask):
        if store.trial_record(task.trial.id) is None:
            store.fail_trial(task.trial.id, reason)
    elif isinstance(task, MeasureTask):
        store.fail_shard(task.key, task.trial.id, task.shard, reason)
    else:
        store.fail_asset(asset_name(task.key), reason)


def worth_retrying(error: BaseException) -> bool:
    """Whether the same work may succeed on another try: not where what the user gave is wrong."""
    return not isinstance(error, UserError)


def describe(error: BaseException) -> str:
    """An exception in one line."""
    text = " ".join(str(error).split())
    if isinstance(error, UserError):
        return text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _is_finished(store: StudyStore, trial: Trial) -> bool:
    record = store.trial_record(trial.id)
    return record is not None and record.status == "finished"
