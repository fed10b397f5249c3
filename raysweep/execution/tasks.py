"""The pieces of a study's work, as plain values that are sent to other machines, and how a failed piece is recorded."""

from dataclasses import dataclass, field
from pathlib import Path

from raysweep.errors import UserError
from raysweep.results.files import Location
from raysweep.results.names import statistics_name
from raysweep.results.store import StudyStore
from raysweep.study.core import Trial
from raysweep.study.data import DataSettings
from raysweep.study.measures import MeasureSettings, Shard
from raysweep.training.course import Limits, limits_key

RETRIES = 2
"""How often failed work is tried again before its failure is recorded."""


@dataclass(frozen=True)
class Workplace:
    """Where work finds its input and leaves its results; plain values that are sent to other machines."""

    results: Location
    """The study's results folder, seen from every node: an absolute path, or a URL."""
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
    """Estimated operations: its weight in the progress, by which long trials also start first."""
    limits: Limits = field(default_factory=dict)
    """Limits of a search that prunes: the trial ends early if its loss is above them."""

    @property
    def was_pruned(self) -> bool:
        """Whether its limits have ended the trial."""
        store = self.workplace.store
        return bool(self.limits) and store.trials.pruned(self.trial.id, limits_key(self.limits)) is not None

    @property
    def has_ended(self) -> bool:
        """Whether there is nothing left to train."""
        return self.was_pruned or self.workplace.store.trials.record(self.trial.id) is not None


@dataclass(frozen=True)
class PrepareTask:
    """Statistics to compute once for the study."""

    measure: MeasureSettings
    key: str
    classifier: Trial | None
    data: DataSettings
    workplace: Workplace


@dataclass(frozen=True)
class Followed:
    """The measure that another one follows."""

    measure: MeasureSettings
    key: str


@dataclass(frozen=True)
class MeasureTask:
    """A shard to compute."""

    measure: MeasureSettings
    key: str
    trial: Trial
    shard: Shard
    classifier: Trial | None
    followed: Followed | None
    workplace: Workplace
    flop: float

    @property
    def kind(self) -> str:
        """The same for all shards of a measure of an arm, which take about as long, and as much memory."""
        return f"{self.key}/{self.trial.arm}"


Task = TrainTask | PrepareTask | MeasureTask


def task_name(task: Task) -> str:
    """A name that no other task of the study has."""
    if isinstance(task, TrainTask):
        return task.trial.id
    return task.key if isinstance(task, PrepareTask) else f"{task.key}/{task.trial.id}/{task.shard.key}"


def groups(task: Task) -> tuple[str, ...]:
    """Groups to which a task belongs: the kind of work, its settings, the family, dim(z), arm and point."""
    if isinstance(task, PrepareTask):
        return ("prepare", task.key)
    trial = task.trial
    point = ",".join(f"{name}={value}" for name, value in trial.axis_values.items())
    model = (trial.model.family, f"d{trial.latent_dim}", trial.arm, point)
    if isinstance(task, TrainTask):
        return ("train", trial.data.content_hash(), *model)
    return (task.measure.kind, task.key, *model)


def has_succeeded(task: Task) -> bool:
    """Whether an ended task left the result that others need: a trial that diverged or was pruned has no model."""
    if not isinstance(task, TrainTask):
        return True
    record = task.workplace.store.trials.record(task.trial.id)
    return record is not None and record.status == "finished"


def record_failure(task: Task, reason: str) -> None:
    """Records why a task failed, in the results folder; the next run tries it again."""
    store = task.workplace.store
    if isinstance(task, TrainTask):
        if not task.has_ended:
            store.trials.fail(task.trial.id, reason)
    elif isinstance(task, MeasureTask):
        store.shards.fail(task.key, task.trial.id, task.shard, reason)
    else:
        store.assets.fail(statistics_name(task.key, task.data), reason)


def worth_retrying(error: BaseException) -> bool:
    """Whether the same work may succeed on another try: not if the user's input is wrong."""
    return not isinstance(error, UserError)


def describe(error: BaseException) -> str:
    """Describes an exception in one line."""
    text = " ".join(str(error).split())
    if isinstance(error, UserError):
        return text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
