"""The work of a study that is to be done, and which of it can start: each shard starts once all that it needs exists.

A condition is what a task waits for: that a trial is trained, that a reference is prepared, that all shards of a
measure of a trial are computed. It is met when every piece of work that belongs to it has succeeded. When one fails for
good, the condition can no longer be met in this run, and the work that waits for it is left for the next run. Work may
be added to an agenda while it is done: a search adds configurations as others end.
"""

import heapq
from collections import Counter, defaultdict, deque
from collections.abc import Collection, Iterable, Mapping, Set
from dataclasses import dataclass
from typing import Literal

from raysweep.execution.plan import Plan
from raysweep.execution.tasks import (
    RETRIES,
    Followed,
    MeasureTask,
    PrepareTask,
    Task,
    TrainTask,
    Workplace,
    describe,
    groups,
    has_succeeded,
    record_failure,
    task_name,
    worth_retrying,
)
from raysweep.results.patience import StorageError
from raysweep.study.core import Study, Trial
from raysweep.study.measures import MeasureSettings
from raysweep.training.course import NO_LIMITS, Limits

Kind = Literal["train", "prepare", "measure"]


@dataclass(frozen=True)
class Piece:
    """A piece of work as progress sees it."""

    kind: Kind
    flop: float
    """Estimated operations."""
    groups: tuple[str, ...]
    """Groups of similar pieces to which it belongs, which take about as long per operation (`tasks.groups`)."""


class Agenda:
    """The work of a run.

    A backend does the work that `take_trial` and `take` return, and reports how each piece ended. Only one thread may
    use it at a time.
    """

    def __init__(self, workplace: Workplace) -> None:
        self.workplace = workplace
        self.training: list[TrainTask] = []
        """Every trial to train, taken or not."""
        self.pieces: dict[str, Piece] = {}
        """Every piece of work by its name, ended or not."""
        self.already: dict[Kind, int] = {"train": 0, "prepare": 0, "measure": 0}
        """How many pieces of each kind were done before this run."""
        self.first: set[str] = set()
        """Ids of the trials that come first, so that a report can be drawn early."""
        self._tries: Counter[str] = Counter()
        """How often each piece of work has failed."""
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
        self._add_piece(task.trial.id, Piece("train", task.flop, groups(task)), task.trial.id)

    def compute(self, task: PrepareTask | MeasureTask, condition: str, needs: Iterable[str]) -> None:
        """Adds a task that belongs to `condition` and may start when all of `needs` are met.

        Tasks that can start are taken in the order in which they were added. A need to which nothing on the agenda
        belongs by then counts as met.
        """
        kind: Kind = "prepare" if isinstance(task, PrepareTask) else "measure"
        flop = task.flop if isinstance(task, MeasureTask) else 0.0
        self._add_piece(task_name(task), Piece(kind, flop, groups(task)), condition)
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

    def take_next(self) -> Task | None:
        """The next piece of work for a backend that does one at a time, or None while there is none.

        The first models are trained and measured before all other trials, and those are trained before the rest is
        measured.
        """
        trial = self._trials[0] if self._trials else None
        if trial is not None and (trial.trial.id in self.first or not self.has_first_task):
            return self.take_trial()
        return self.take()

    @property
    def has_first_task(self) -> bool:
        """Whether the next task that can start measures a first model, or computes statistics for that."""
        task = self._tasks[self._ready[0]] if self._ready else None
        return task is not None and (isinstance(task, PrepareTask) or task.trial.id in self.first)

    def take(self) -> PrepareTask | MeasureTask | None:
        """The next task that can start, or None while there is none."""
        if not self._ready:
            return None
        index = heapq.heappop(self._ready)
        task, self._tasks[index] = self._tasks[index], None  # so that a long run's agenda shrinks
        return task

    def succeed(self, name: str) -> None:
        """Notes that the piece of work of that name (`task_name`, or a trial's id) is done; others may start."""
        condition = self._belongs[name]
        self._open[condition] -= 1
        if self._open[condition]:
            return
        for index in self._waiting.pop(condition, ()):
            self._blocks[index] -= 1
            if self._blocks[index] == 0 and self._tasks[index] is not None:
                heapq.heappush(self._ready, index)

    def fail(self, name: str) -> None:
        """Gives up the piece of work and all that waits for it."""
        condition = self._belongs[name]
        self._failed.add(condition)
        for index in self._waiting.pop(condition, ()):
            task, self._tasks[index] = self._tasks[index], None
            if task is not None:
                self.fail(task_name(task))

    def comes_again(self, task: Task, error: BaseException) -> bool:
        """Whether a task that has failed is to be tried again. If not, records its failure and gives it up.

        Raises: StorageError: results cannot be written, so that nothing can go on.
        """
        if isinstance(error, StorageError):
            raise error
        name = task_name(task)
        self._tries[name] += 1
        if self._tries[name] <= RETRIES and worth_retrying(error):
            return True
        record_failure(task, describe(error))
        self.fail(name)
        return False

    def end(self, task: Task) -> None:
        """Notes that a task has ended: a trial that diverged or was pruned has left no model to measure."""
        (self.succeed if has_succeeded(task) else self.fail)(task_name(task))

    def _add_piece(self, name: str, piece: Piece, condition: str) -> None:
        self.pieces[name] = piece
        self._belongs[name] = condition
        self._open[condition] += 1


def make_agenda(plan: Plan, workplace: Workplace, steps: Collection[str]) -> Agenda:
    """An agenda of the work that is missing in the plan. Without "train" among `steps`, only existing models are
    measured.
    """
    agenda = Agenda(workplace)
    extend(agenda, plan, steps)
    return agenda


def extend(agenda: Agenda, plan: Plan, steps: Collection[str], limits: Mapping[str, Limits] | None = None) -> None:
    """Adds the work that is missing in the plan and is not on the agenda yet: trials that have not ended, and shards.

    The classifier comes first, however short it is, since most measures wait for it. A first trial of every arm follows
    with its measures, so that a report can be drawn early; then the other trials, longest first.

    Args:
        agenda: to which it is added.
        plan: of the study.
        steps: "train", "measure" or both.
        limits: limits on the loss that may end a trial early, by its id.
    """
    study, first = plan.study, plan.first_trials
    names = {planned.trial.id for planned in plan.trials}
    if "train" in steps:
        left = [planned for planned in plan.trials if not planned.ended and planned.trial.id not in agenda.pieces]
        tasks = [
            TrainTask(
                planned.trial,
                agenda.workplace,
                study.checkpoint_seconds,
                planned.cost.flop,
                (limits or {}).get(planned.trial.id, NO_LIMITS),
            )
            for planned in left
        ]
        missing = [task for task in tasks if not task.was_pruned]
        agenda.first |= first
        order = {task.trial.id: (task.trial != study.classifier_trial, task.trial.id not in first) for task in missing}
        for task in sorted(missing, key=lambda task: (*order[task.trial.id], -task.flop)):
            agenda.train(task)
        agenda.already["train"] += len(names) - len(missing)
    if "measure" in steps:
        models = {planned.trial.id for planned in plan.trials if planned.state == "finished"}
        _add_measures(agenda, plan, models | (agenda.pieces.keys() & names))


def _add_measures(agenda: Agenda, plan: Plan, models: Set[str]) -> None:
    """Adds every missing shard of the trials that are or will be trained, preceded by the statistics that they need."""
    study = plan.study
    of_models = [measured for planned in plan.trials if planned.trial.id in models for measured in planned.measures]
    wanting = {measured.measure.name for measured in of_models if measured.missing}
    keys: dict[str, str] = {}
    for m in in_order(study):
        if (m.follows is not None and m.follows not in keys) or not models >= set(_classifier_of(study, m)):
            continue
        keys[m.name] = key = study.measure_key(m)
        if m.needs_reference and m.name in wanting and key not in plan.prepared and key not in agenda.pieces:
            prepare = PrepareTask(m, key, study.classifier_trial, study.data, agenda.workplace)
            agenda.compute(prepare, key, _classifier_of(study, m))
    tasks = list(_missing_shards(agenda, plan, models, keys))
    # Shards of one trial follow one another, so that a process loads each model once. Trials with the most work come
    # first.
    weight: dict[str, float] = defaultdict(float)
    for task in tasks:
        weight[task.trial.id] += task.flop
    rank = {name: index for index, name in enumerate(keys)}

    def order(task: MeasureTask) -> tuple[bool, float, str, int]:
        trial_id = task.trial.id
        return trial_id not in agenda.first, -weight[trial_id], trial_id, rank[task.measure.name]

    for task in sorted(tasks, key=order):
        needs = [task.trial.id, task.key, *_classifier_of(study, task.measure)]
        if task.followed is not None:
            needs.append(_all_of(task.followed.key, task.trial))
        agenda.compute(task, _all_of(task.key, task.trial), needs)


def _missing_shards(agenda: Agenda, plan: Plan, models: Set[str], keys: Mapping[str, str]) -> Iterable[MeasureTask]:
    study = plan.study
    for planned in plan.trials:
        for measured in planned.measures if planned.trial.id in models else ():
            m = measured.measure
            if m.name not in keys:
                continue
            agenda.already["measure"] += measured.done
            followed = study.followed(m)
            for shard, flop in measured.missing.items():
                yield MeasureTask(
                    m,
                    keys[m.name],
                    planned.trial,
                    shard,
                    study.classifier_trial,
                    Followed(followed, keys[followed.name]) if followed else None,
                    agenda.workplace,
                    flop,
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
