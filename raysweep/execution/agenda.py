"""What of a study is to be done, and which of it can start: each shard as soon as all that it needs exists.

A condition is what a task waits for: that a trial is trained, that a reference is prepared, that all shards of a
measure of a trial are computed. It is met when every piece of work that belongs to it has succeeded. When one fails for
good, the condition can no longer be met in this run, and what waits for it is left for the next.
Work may be added to an agenda while it is done: a search adds configurations as others end.
"""

import heapq
import itertools
from collections import defaultdict, deque
from collections.abc import Collection, Iterable, Mapping, Set
from dataclasses import dataclass
from typing import Literal

from raysweep.execution.tasks import Followed, MeasureTask, PrepareTask, TrainTask, Workplace, task_name
from raysweep.results.names import statistics_name
from raysweep.results.shards import done_shards
from raysweep.results.trials import TrialRecord
from raysweep.study.core import Study, Trial
from raysweep.study.cost import trial_cost
from raysweep.study.data import DataFacts
from raysweep.study.measures import MeasureSettings
from raysweep.training.course import NO_LIMITS, Limits

Kind = Literal["train", "prepare", "measure"]
SHARD_OVERHEAD = 2e9
"""What every shard costs beside its operations, as operations, where the remaining time is estimated."""


@dataclass(frozen=True)
class Piece:
    """A piece of work as progress sees it."""

    kind: Kind
    weight: float
    """Estimated operations."""


class Agenda:
    """The work of a run. A backend does what `take_trial` and `take` give, and tells how each piece ended.

    Used by one thread at a time.
    """

    def __init__(self, workplace: Workplace) -> None:
        self.workplace = workplace
        self.training: list[TrainTask] = []
        """Every trial to train, taken or not."""
        self.pieces: dict[str, Piece] = {}
        """Every piece of work by its name, ended or not."""
        self.already: dict[Kind, int] = {"train": 0, "prepare": 0, "measure": 0}
        """How many pieces of each kind were done before this run."""
        self._trials: deque[TrainTask] = deque()
        self._failed: set[str] = set()
        self._belongs: dict[str, str] = {}
        self._open: dict[str, int] = defaultdict(int)
        self._waiting: dict[str, list[int]] = defaultdict(list)
        self._tasks: list[PrepareTask | MeasureTask | None] = []
        self._blocks: list[int] = []
        self._ready: list[int] = []

    def train(self, task: TrainTask) -> None:
        """Adds a trial to train. Its id is the condition that it is trained."""
        self.training.append(task)
        self._trials.append(task)
        self._add_piece(task.trial.id, Piece("train", task.flop), task.trial.id)

    def compute(self, task: PrepareTask | MeasureTask, condition: str, needs: Iterable[str]) -> None:
        """Adds a task that belongs to `condition` and may start when all of `needs` are met.

        Tasks that can start are taken in the order in which they were added. Of `needs`, what nothing on the agenda
        belongs to by then is taken to be met.
        """
        kind: Kind = "prepare" if isinstance(task, PrepareTask) else "measure"
        weight = SHARD_OVERHEAD + (task.flop if isinstance(task, MeasureTask) else 0.0)
        self._add_piece(task_name(task), Piece(kind, weight), condition)
        needs = list(needs)
        if not self._failed.isdisjoint(needs):
            self.fail(task_name(task))
            return
        index = len(self._tasks)
        unmet = [need for need in needs if self._open.get(need)]
        self._tasks.append(task)
        self._blocks.append(len(unmet))
        for need in unmet:
            self._waiting[need].append(index)
        if not unmet:
            heapq.heappush(self._ready, index)

    @property
    def ready(self) -> int:
        """How many tasks could be taken now."""
        return len(self._ready)

    def take_trial(self) -> TrainTask | None:
        """The next trial to train, or None while there is none."""
        return self._trials.popleft() if self._trials else None

    def take_sweep(self) -> list[TrainTask]:
        """Takes all trials, for a backend that can train them as one sweep."""
        trials = list(self._trials)
        self._trials.clear()
        return trials

    def take(self) -> PrepareTask | MeasureTask | None:
        """The next task that can start, or None while there is none."""
        if not self._ready:
            return None
        index = heapq.heappop(self._ready)
        task, self._tasks[index] = self._tasks[index], None  # so that a long run's agenda shrinks
        return task

    def succeed(self, name: str) -> None:
        """The piece of work of that name (`task_name`, or a trial's id) is done: what waited for it may start."""
        condition = self._belongs[name]
        self._open[condition] -= 1
        if self._open[condition]:
            return
        for index in self._waiting.pop(condition, ()):
            self._blocks[index] -= 1
            if self._blocks[index] == 0 and self._tasks[index] is not None:
                heapq.heappush(self._ready, index)

    def fail(self, name: str) -> None:
        """The piece of work is given up, and so is all that waits for it."""
        condition = self._belongs[name]
        self._failed.add(condition)
        for index in self._waiting.pop(condition, ()):
            task, self._tasks[index] = self._tasks[index], None
            if task is not None:
                self.fail(task_name(task))

    def ended_trials(self, trial_ids: Collection[str]) -> Mapping[str, TrialRecord]:
        """How those of the trials ended that have."""
        return self.workplace.store.trials.records(trial_ids)

    def shard_files(self, measure_key: str, trial_ids: Collection[str]) -> Set[str]:
        """The files of a measure's shards, of these trials at least: one listing tells of all trials."""
        return self.workplace.store.shards.files(measure_key)

    def _add_piece(self, name: str, piece: Piece, condition: str) -> None:
        self.pieces[name] = piece
        self._belongs[name] = condition
        self._open[condition] += 1


def make_agenda(study: Study, facts: DataFacts, workplace: Workplace, steps: Collection[str]) -> Agenda:
    """What is missing of the study. Without "train" among `steps`, only models that exist are measured."""
    agenda = Agenda(workplace)
    extend(agenda, study, facts, steps)
    return agenda


def extend(
    agenda: Agenda,
    study: Study,
    facts: DataFacts,
    steps: Collection[str],
    limits: Mapping[str, Limits] | None = None,
) -> None:
    """Adds what is missing of the study, and is not there: trials that have not ended, longest first, and shards.

    Args:
        agenda: to which it is added.
        study: the study.
        facts: of its data set.
        steps: "train", "measure" or both.
        limits: by trial id, those that may end it early.
    """
    names = [trial.id for trial in study.trials]
    records = agenda.ended_trials(names)
    if "train" in steps:
        left = [trial for trial in study.trials if trial.id not in records and trial.id not in agenda.pieces]
        tasks = [
            TrainTask(
                trial,
                agenda.workplace,
                study.checkpoint_seconds,
                trial_cost(trial, facts).flop,
                (limits or {}).get(trial.id, NO_LIMITS),
            )
            for trial in left
        ]
        missing = [task for task in tasks if not task.was_pruned]
        # Most measures wait for the classifier, so it comes first however short it is.
        for task in sorted(missing, key=lambda task: (task.trial != study.classifier_trial, -task.flop)):
            agenda.train(task)
        agenda.already["train"] += len(names) - len(missing)
    if "measure" in steps:
        models = {name for name, record in records.items() if record.status == "finished"}
        _add_measures(agenda, study, facts, models | (agenda.pieces.keys() & names))


def _add_measures(agenda: Agenda, study: Study, facts: DataFacts, models: Set[str]) -> None:
    """References first, then every missing shard of the trials that are or will be trained."""
    keys: dict[str, str] = {}
    for m in in_order(study):
        if (m.follows is not None and m.follows not in keys) or not models >= set(_classifier_of(study, m)):
            continue
        keys[m.name] = key = study.measure_key(m)
        is_there = key in agenda.pieces or agenda.workplace.store.assets.has(statistics_name(key))
        if m.needs_reference and not is_there:
            prepare = PrepareTask(m, key, study.classifier_trial, study.data, agenda.workplace)
            agenda.compute(prepare, key, _classifier_of(study, m))
    tasks = list(_missing_shards(agenda, study, facts, models, keys))
    # Shards of one trial follow one another, so a process loads each model once; trials with most to do come first.
    weight: dict[str, float] = defaultdict(float)
    for task in tasks:
        weight[task.trial.id] += task.flop
    rank = {name: index for index, name in enumerate(keys)}
    tasks.sort(key=lambda task: (-weight[task.trial.id], task.trial.id, rank[task.measure.name]))
    for task in tasks:
        needs = [task.trial.id, task.key, *_classifier_of(study, task.measure)]
        if task.followed is not None:
            needs.append(_all_of(task.followed.key, task.trial))
        agenda.compute(task, _all_of(task.key, task.trial), needs)


def _missing_shards(
    agenda: Agenda,
    study: Study,
    facts: DataFacts,
    models: Set[str],
    keys: Mapping[str, str],
) -> Iterable[MeasureTask]:
    existing = {name: agenda.shard_files(key, models) for name, key in keys.items()}
    for m, trial in itertools.product(study.measures, study.trials):
        if m.name not in keys or trial.id not in models:
            continue
        shards = study.shards_of(m, trial, facts)
        done = done_shards(existing[m.name], keys[m.name], trial.id, shards)
        agenda.already["measure"] += len(done)
        followed = study.followed(m)
        for shard in [shard for shard in shards if shard not in done]:
            yield MeasureTask(
                m,
                keys[m.name],
                trial,
                shard,
                study.classifier_trial,
                Followed(followed, keys[followed.name]) if followed else None,
                agenda.workplace,
                m.flop(trial.model, facts, shard),
            )


def in_order(study: Study) -> list[MeasureSettings]:
    """The measures of a study, each after the one that it follows."""
    found: list[MeasureSettings] = []
    left = list(study.measures)
    while left:
        found += [m for m in left if m.follows is None or study.followed(m) in found]
        left = [m for m in left if m not in found]
    return found


def _classifier_of(study: Study, measure: MeasureSettings) -> list[str]:
    trial = study.classifier_trial
    return [trial.id] if measure.needs_classifier and trial else []


def _all_of(key: str, trial: Trial) -> str:
    """The condition that all shards of a measure of a trial are computed."""
    return f"{key}/{trial.id}"
