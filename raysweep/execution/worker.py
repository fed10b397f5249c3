"""Runs tasks in a process, for any backend."""

import io
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from raysweep.data import load_data
from raysweep.data.images import DataSet
from raysweep.errors import UserError
from raysweep.execution.tasks import MeasureTask, PrepareTask, Task, TrainTask, Workplace
from raysweep.measures import prepare, run_measure
from raysweep.measures.context import MeasureContext, StudyContext
from raysweep.models import build_learner
from raysweep.models.learner import Learner
from raysweep.models.lenet import LeNetLearner
from raysweep.results.names import MODEL, asset_file, statistics_name, trial_file
from raysweep.results.store import StudyStore
from raysweep.results.trials import Stopwatch
from raysweep.study.core import Trial
from raysweep.study.data import DataFacts, DataSettings
from raysweep.training.loop import TrainingRun, load_tensors

STEP_SECONDS = 2.0
"""Seconds of training between reports of its progress."""


def start_training(task: TrainTask, device: torch.device) -> TrainingRun:
    """Loads the trial of a task, ready to go on from its checkpoint if there is one."""
    data = load_data(task.trial.data, task.workplace.data)
    return TrainingRun(task.trial, data, task.workplace.store, device, task.checkpoint_seconds, task.limits)


class Worker:
    """Runs tasks in this process.

    Keeps the last data set, model, classifier and reference, since the next task mostly needs the same.
    """

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self._kept: dict[str, tuple[str, Learner]] = {}
        self._reference: tuple[str, Mapping[str, NDArray[Any]]] = ("", {})
        self._data: tuple[DataSettings, Path, DataSet] | None = None

    def run(
        self,
        task: Task,
        weights: Mapping[str, NDArray[np.uint8]] | None = None,
        tell: Callable[[float], None] = lambda share: None,
    ) -> None:
        """Does a task and writes its result.

        Args:
            task: what is to be done.
            weights: contents of model files, by trial id.
            tell: is called now and then with the share of a training that is done.
        """
        threads = 1 if isinstance(task, PrepareTask) else task.trial.resources.cpus
        torch.set_num_threads(threads)
        # The number of threads changes the order of sums, and so the last digits, in NumPy's BLAS too.
        with threadpool_limits(threads, user_api="blas"):
            if isinstance(task, TrainTask):
                self._train(task, tell)
            elif isinstance(task, PrepareTask):
                self._prepare(task, weights)
            else:
                self._measure(task, weights)

    def _train(self, task: TrainTask, tell: Callable[[float], None]) -> None:
        run = start_training(task, self.device)
        try:
            while (state := run.advance(STEP_SECONDS)).status == "running":
                tell(state.share)
        finally:
            run.close()

    def _prepare(self, task: PrepareTask, weights: Mapping[str, NDArray[np.uint8]] | None) -> None:
        data = self._load_data(task.data, task.workplace)
        classifier = self._classifier(task, data, weights)
        context = StudyContext(data, self.device, classifier, task.workplace.fid_weights)
        arrays = prepare(task.measure, context)
        task.workplace.store.assets.save(statistics_name(task.key, task.data), lambda file: np.savez(file, **arrays))  # type: ignore[arg-type]

    def _measure(self, task: MeasureTask, weights: Mapping[str, NDArray[np.uint8]] | None) -> None:
        stopwatch = Stopwatch.start()
        with stopwatch.running():
            data = self._load_data(task.trial.data, task.workplace)
            context = MeasureContext(
                data,
                self.device,
                self._classifier(task, data, weights),
                task.workplace.fid_weights,
                trial=task.trial,
                learner=self._learner("trial", task.trial, data.facts, task.workplace.store, weights),
                reference=self._load_reference(task) if task.measure.needs_reference else {},
                followed=self._load_followed(task, data.facts),
                data_folder=task.workplace.data,
            )
            rows = run_measure(task.measure, task.shard, context)
        task.workplace.store.shards.save(task.key, task.trial.id, task.shard, rows, stopwatch.work())

    def _load_data(self, settings: DataSettings, workplace: Workplace) -> DataSet:
        if self._data is None or self._data[:2] != (settings, workplace.data):
            self._data = (settings, workplace.data, load_data(settings, workplace.data))
        return self._data[2]

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
            with store.trials.open_model(trial.id) if given is None else io.BytesIO(given.tobytes()) as file:
                location = store.folder.locate(trial_file(trial.id, MODEL))
                learner.load_weights(load_tensors(file, location, self.device))
            self._kept[role] = (name, learner)
        return self._kept[role][1]

    def _load_reference(self, task: MeasureTask) -> Mapping[str, NDArray[Any]]:
        store = task.workplace.store
        asset = statistics_name(task.key, task.trial.data)
        name = f"{store.folder}/{asset}"
        if self._reference[0] != name:
            try:
                with store.assets.open(asset) as file, np.load(file, allow_pickle=False) as arrays:
                    self._reference = (name, dict(arrays))
            except (ValueError, EOFError, BadZipFile) as error:  # ValueError where only code in the file could make it
                raise UserError(
                    f"file {store.folder.locate(asset_file(asset))}: holds more than arrays, or "
                    "is damaged, so it is not read; remove it, and the same command computes it again"
                ) from error
        return self._reference[1]

    @staticmethod
    def _load_followed(task: MeasureTask, facts: DataFacts) -> pd.DataFrame:
        if task.followed is None:
            return pd.DataFrame()
        followed, shards = task.followed.measure, task.followed.measure.shards(task.trial.model, facts)
        rows = task.workplace.store.shards.rows(followed.table, task.followed.key, task.trial.id, shards)
        return pd.DataFrame(rows.to_pandas())
