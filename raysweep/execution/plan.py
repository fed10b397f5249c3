"""What a run would do, before it does any of it: every trial and shard, what they cost, and what is there already.

Counted from the study and the results folder alone. No torch, no Ray.
"""

from collections.abc import Container, Mapping
from dataclasses import dataclass

from raysweep.results.names import CHECKPOINT, trial_file
from raysweep.results.shards import done_shards
from raysweep.results.store import StudyStore
from raysweep.results.trials import TrialRecord
from raysweep.study.core import Study, Trial
from raysweep.study.cost import Cost, Device, find_device, measure_cost, trial_cost
from raysweep.study.data import DataFacts
from raysweep.study.measures import MeasureSettings, Shard


@dataclass(frozen=True)
class PlannedMeasure:
    """A measure of one trial."""

    name: str
    shards: int
    done: int
    """How many shards are in the results folder."""
    flop: float
    """Estimated floating-point operations of all its shards."""
    flop_left: float
    """Those of the shards that are missing."""


@dataclass(frozen=True)
class PlannedTrial:
    """A trial, what it costs, how it stands and what will be measured on it."""

    trial: Trial
    cost: Cost
    state: str
    """finished, diverged, failed, interrupted (there is a checkpoint), or to do."""
    measures: tuple[PlannedMeasure, ...]
    """Empty for a diverged trial: it left no model to measure."""

    @property
    def ended(self) -> bool:
        """Whether nothing of it is left to train."""
        return self.state in {"finished", "diverged"}


@dataclass(frozen=True)
class Plan:
    """Every piece of work of a study, done or not."""

    study: Study
    facts: DataFacts
    device: Device
    """What hours are stated for."""
    trials: tuple[PlannedTrial, ...]
    folder: str | None
    """The results folder, where one exists."""
    strangers: int
    """Trials in the folder that are not of this study: of other settings, left by earlier runs."""

    @property
    def measures(self) -> tuple[PlannedMeasure, ...]:
        """Every measure of every trial."""
        return tuple(measure for planned in self.trials for measure in planned.measures)

    @property
    def shards(self) -> int:
        """Shards of all measures."""
        return sum(measure.shards for measure in self.measures)

    @property
    def shards_left(self) -> int:
        """Shards that are missing."""
        return sum(measure.shards - measure.done for measure in self.measures)

    @property
    def trials_left(self) -> int:
        """Trials still to train, those that were interrupted or failed among them."""
        return sum(not planned.ended for planned in self.trials)

    @property
    def flop(self) -> float:
        """Estimated floating-point operations of the whole study."""
        return sum(planned.cost.flop for planned in self.trials) + sum(measure.flop for measure in self.measures)

    @property
    def flop_left(self) -> float:
        """Those of what is missing; an interrupted trial counts whole."""
        training = sum(planned.cost.flop for planned in self.trials if not planned.ended)
        return training + sum(measure.flop_left for measure in self.measures)

    @property
    def model_bytes(self) -> int:
        """Size of all trained models."""
        return sum(planned.cost.model_bytes for planned in self.trials)

    @property
    def checkpoint_bytes(self) -> int:
        """Size of all checkpoints, were all missing trials to train at once."""
        return sum(planned.cost.checkpoint_bytes for planned in self.trials if not planned.ended)


def make_plan(study: Study, facts: DataFacts, store: StudyStore | None) -> Plan:
    """What there is to do for a study, given its results folder if there is one.

    Raises:
        UserError: the study's `estimated_device` is unknown.
    """
    device = find_device(study.estimated_device)
    folder = store.folder.locate() if store is not None and store.folder.exists() else None
    known = _Known.of(study, store) if store is not None and folder is not None else None
    trials = tuple(_plan_trial(study, trial, facts, known) for trial in study.trials)
    return Plan(study, facts, device, trials, folder, known.strangers if known else 0)


@dataclass(frozen=True)
class _Known:
    """What is in a results folder."""

    records: Mapping[str, TrialRecord]
    failed: Container[str]
    """Ids of trials."""
    files: Container[str]
    """Of trials and shards."""
    strangers: int

    @classmethod
    def of(cls, study: Study, store: StudyStore) -> "_Known":
        """Looks into a folder."""
        ids = {trial.id for trial in study.trials}
        files = store.trials.files()
        shards = [store.shards.files(study.measure_key(m)) for m in study.measures]
        strangers = {name.split("/")[1] for name in files} - ids
        return cls(store.trials.records(ids), store.trials.failures(ids), files.union(*shards), len(strangers))


def _plan_trial(study: Study, trial: Trial, facts: DataFacts, known: _Known | None) -> PlannedTrial:
    state = _state(trial, known)
    measured = [m for m in study.measures if state != "diverged" and study.applies(m, trial.arm, trial.model)]
    costs = {m: measure_cost(m, trial, facts) for m in measured}
    measures = tuple(_plan_measure(study, m, trial, cost, known) for m, cost in costs.items() if cost)
    return PlannedTrial(trial, trial_cost(trial, facts), state, measures)


def _state(trial: Trial, known: _Known | None) -> str:
    if known is None:
        return "to do"
    if trial.id in known.records:
        return known.records[trial.id].status
    if trial.id in known.failed:
        return "failed"
    return "interrupted" if trial_file(trial.id, CHECKPOINT) in known.files else "to do"


def _plan_measure(
    study: Study, measure: MeasureSettings, trial: Trial, cost: Mapping[Shard, float], known: _Known | None
) -> PlannedMeasure:
    key, files = study.measure_key(measure), known.files if known else ()
    done = done_shards(files, key, trial.id, tuple(cost))
    left = sum(flop for shard, flop in cost.items() if shard not in done)
    return PlannedMeasure(measure.name, len(cost), len(done), sum(cost.values()), left)


# How it is printed
