"""Train the trials, measure what they left, gather the tables: what is missing is done, what exists is not done again.

Workers write their results into the results folder themselves, whole or not at all. So to resume is to run the same
command again: after a crash, on another cluster, or with a larger study.
"""

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from raysweep.cost import trial_cost
from raysweep.store import StudyStore, measure_key, measurements
from raysweep.study.core import Study, Trial
from raysweep.study.data import DataFacts
from raysweep.study.measures import AnyMeasure
from raysweep.tasks import Followed, MeasureTask, PrepareTask, TrainTask, Workplace, asset_name, task_name

Step = Literal["train", "measure", "report"]
SHARD_OVERHEAD = 2e9
"""What every shard costs beside its operations, as operations, where the remaining time is estimated."""


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


def _is_finished(store: StudyStore, trial: Trial) -> bool:
    record = store.trial_record(trial.id)
    return record is not None and record.status == "finished"
