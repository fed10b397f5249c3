"""One trial: the loop, its checkpoints and its history. Continues exactly where a killed run left off."""

import errno
import pickle
from collections.abc import Mapping
from dataclasses import dataclass
from time import monotonic
from typing import Any, BinaryIO, cast

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from raysweep.data.images import DataSet, Images
from raysweep.data.order import BatchStream
from raysweep.errors import UserError
from raysweep.models import build_learner
from raysweep.models.learner import Learner
from raysweep.results.names import CHECKPOINT, trial_file
from raysweep.results.store import StudyStore
from raysweep.results.trials import Stopwatch, TrialRecord
from raysweep.study.core import Trial
from raysweep.study.table import HISTORY
from raysweep.training.course import NO_LIMITS, Course, Limits, course_of, limits_key, pruned_at, pruning_words
from raysweep.training.tensorboard import TrialBoard

LOG_ROWS = 100
"""Rows of training losses in a trial's history."""
EVALUATIONS = 20
"""Evaluations on held-out images during a trial, the last one after its last step."""
EVALUATION_IMAGES = 10_000
"""How many held-out images are evaluated at most, the first ones of the validation split."""
EVALUATION_BATCH = 500
HISTORY_COLUMNS = ["step", "split", "metric", "value"]


@dataclass(frozen=True)
class TrainingState:
    """Where a trial stands: `status` is running, finished, diverged or pruned."""

    step: int
    total: int
    status: str
    metrics: Mapping[str, float]
    """The latest value of every loss and metric; all finite."""

    @property
    def share(self) -> float:
        """The share of the training that is done, 0 to 1."""
        return self.step / self.total if self.total else 1.0


class TrainingRun:
    """A trial in training, in this process. `advance` until `status` is no longer "running".

    The step alone determines what is logged and when, and random numbers come from streams named by the step. So a run
    that was killed and continued from its checkpoint ends with the same weights and the same history.
    """

    def __init__(
        self,
        trial: Trial,
        data: DataSet,
        store: StudyStore,
        device: torch.device,
        checkpoint_seconds: float,
        limits: Limits = NO_LIMITS,
    ) -> None:
        # The number of threads changes the order of sums and so the last bits: it belongs to the trial.
        torch.set_num_threads(trial.resources.cpus)
        self.trial = trial
        self.data = data
        self.store = store
        self.device = device
        self.checkpoint_seconds = checkpoint_seconds
        self.limits = limits
        self.total = trial.model.total_steps(data.facts)
        self.learner: Learner = build_learner(trial.model, data.facts, trial.seed, device)
        self.stopwatch = Stopwatch.start()
        self.step = 0
        self.status = "running"
        self.reason = ""
        self.history: list[tuple[int, str, str, float]] = []
        self._sums: dict[str, Tensor] = {}
        self._restore()
        self._batches = BatchStream(len(data.train), trial.seed)
        self._board = TrialBoard(store.tensorboard(trial.id), self.learner, data, self.step)
        self._saved_at = monotonic()

    @property
    def state(self) -> TrainingState:
        """Where the trial stands."""
        latest = {f"{split}/{metric}": value for _, split, metric, value in self.history}
        finite = {name: value for name, value in latest.items() if np.isfinite(value)}
        return TrainingState(self.step, self.total, self.status, finite)

    def advance(self, seconds: float) -> TrainingState:
        """Trains for about `seconds`, at least one step; writes checkpoints when due, and the results at the end.

        A trial of no steps ends at once.
        """
        until = monotonic() + seconds
        with self.stopwatch.running():
            while self.status == "running":
                if self.total:
                    self._one_step()
                else:
                    self._leave_untrained()
                if monotonic() - self._saved_at >= self.checkpoint_seconds:
                    self.checkpoint()
                if monotonic() >= until:
                    break
        if self.status != "running":
            self._finish()
        return self.state

    def checkpoint(self) -> None:
        """Writes all that is needed to continue exactly, unless the trial has ended."""
        if self.status != "running":
            return
        content = {
            "learner": self.learner.state(),
            "step": self.step,
            "history": self.history,
            "sums": self._sums,
            "spent": [self.stopwatch.started, self.stopwatch.wall, self.stopwatch.cpu],
        }
        self.store.trials.save_checkpoint(self.trial.id, lambda file: torch.save(content, file))
        self._board.copy()
        self._saved_at = monotonic()

    def close(self) -> None:
        """Closes TensorBoard's file. The run cannot be used afterwards."""
        self._board.close()

    def _one_step(self) -> None:
        count = self.trial.model.images_per_step
        indices = self._batches.indices(self.step * count, count)
        losses = self.learner.update(*self.data.train.batch(indices, self.device), self.step)
        self.step += 1
        # Losses are summed on the device, since reading a value would wait for it.
        for name, value in losses.items():
            self._sums[name] = self._sums[name] + value if name in self._sums else value.clone()
        if self._due(LOG_ROWS):
            self._log("train", self._means())
        if self.status == "running" and self._due(EVALUATIONS):
            self._log("validation", evaluate(self.learner, self.data.validation, self._evaluation_images()))
            self._board.pictures(self.step)
            self._prune()
        if self.status == "running" and self.step >= self.total:
            self.status = "finished"

    def _leave_untrained(self) -> None:
        """Ends a trial of no steps, with the model as it was initialised and an empty history."""
        self.learner.settle()
        self._board.pictures(self.step)
        self.status = "finished"

    def _evaluation_images(self) -> int:
        """Held-out images of one evaluation: no more than were trained on since the last one, or a batch of them.

        So in a short run, evaluation costs no more than training.
        """
        trained = self.total * self.trial.model.images_per_step
        return min(EVALUATION_IMAGES, max(EVALUATION_BATCH, trained // EVALUATIONS))

    def _due(self, times: int) -> bool:
        """Whether the last step completes one of `times` equal parts of the run."""
        return self.step * times // self.total > (self.step - 1) * times // self.total

    def _means(self) -> dict[str, float]:
        before = self._logged_step("train")
        means = {name: float(total) / (self.step - before) for name, total in self._sums.items()}
        self._sums = {}
        return means

    def _logged_step(self, split: str) -> int:
        """The step of the latest history row of `split`; 0 before the first."""
        return max((step for step, of, _, _ in self.history if of == split), default=0)

    def _log(self, split: str, values: Mapping[str, float]) -> None:
        self.history += [(self.step, split, name, value) for name, value in values.items()]
        self._board.scalars(split, values, self.step)
        if not all(np.isfinite(value) for value in values.values()):
            self.status = "diverged"
            self.reason = f"a loss was not finite at step {self.step} of {self.total}"

    def _course(self) -> Course:
        return course_of(pd.DataFrame(self.history, columns=HISTORY_COLUMNS), self.trial.model, self.total, EVALUATIONS)

    def _prune(self) -> None:
        """Ends the trial if its loss is above the limit at its progress."""
        if self.status != "running" or not self.limits:
            return
        course = self._course()
        progress = pruned_at(course, self.limits)
        if progress is not None:
            self.status = "pruned"
            self.reason = pruning_words(course, self.limits, progress, EVALUATIONS)

    def _restore(self) -> None:
        file = self.store.trials.open_checkpoint(self.trial.id)
        if file is None:
            return
        with file:
            content = load_tensors(file, self.store.folder.locate(trial_file(self.trial.id, CHECKPOINT)), self.device)
        self.learner.load_state(content["learner"])
        self.step = content["step"]
        self.history = [tuple(row) for row in content["history"]]
        self._sums = content["sums"]
        self.stopwatch = Stopwatch(*content["spent"])

    def _finish(self) -> None:
        parameters = sum(parameter.numel() for parameter in self.learner.networks.parameters())
        record = TrialRecord(self.status, self.reason, self.step, parameters)
        self._board.close()  # first, since a trial that is done is not resumed
        if self.status == "pruned":
            self.store.trials.prune(
                self.trial.id, limits_key(self.limits), record, self._course(), self.stopwatch.work()
            )
        else:
            columns = {name: [row[at] for row in self.history] for at, name in enumerate(HISTORY_COLUMNS)}
            table = HISTORY.rows({"trial": [self.trial.id] * len(self.history), **columns})
            weights = self.learner.weights()
            model = (lambda file: torch.save(weights, file)) if self.status == "finished" else None
            self.store.trials.finish(self.trial.id, record, model, table, self.stopwatch.work())


def load_tensors(file: BinaryIO, location: str, device: torch.device) -> dict[str, Any]:
    """Loads a file that `torch.save` has written to the results folder at `location`.

    Raises:
        UserError: it is damaged, or not ours: torch would have to run code in it.
    """
    try:
        return cast("dict[str, Any]", torch.load(file, map_location=device, weights_only=True))
    except (pickle.UnpicklingError, EOFError, OSError, RuntimeError) as error:
        if not _faults_content(error):
            raise
        raise UserError(
            f"file {location}: holds more than tensors and plain values, or is damaged, so it is not read; remove its "
            "folder, and the same command trains the model again"
        ) from error


def _faults_content(error: Exception) -> bool:
    """Whether torch rejected the content; not for lack of memory or storage, which another try may mend."""
    if isinstance(error, OSError):
        return error.errno == errno.EINVAL  # torch sought before the beginning of a truncated file
    return not isinstance(error, RuntimeError) or "PytorchStreamReader" in str(error)


def evaluate(learner: Learner, images: Images, most: int = EVALUATION_IMAGES) -> dict[str, float]:
    """Losses on held-out images: the mean over the first `most` of them."""
    count = min(len(images), most)
    sums: dict[str, float] = {}
    for start in range(0, count, EVALUATION_BATCH):
        indices = np.arange(start, min(start + EVALUATION_BATCH, count))
        for name, value in learner.evaluate(*images.batch(indices, learner.device)).items():
            sums[name] = sums.get(name, 0.0) + float(value) * len(indices) / count
    return sums
