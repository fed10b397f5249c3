"""Every piece of work of a study: its trials and shards, what they cost, and which of them are done.

It is counted from the study and the results folder alone, without torch and Ray. `--plan` prints it, and a run's agenda
consists of what is missing in it.
"""

from collections.abc import Collection, Container, Mapping
from dataclasses import dataclass

from raysweep.results.names import CHECKPOINT, statistics_name, trial_file
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

    measure: MeasureSettings
    done: int
    """How many of its shards are in the results folder."""
    missing: Mapping[Shard, float]
    """The shards that are not, each with its estimated floating-point operations."""
    flop: float
    """Operations of all its shards."""

    @property
    def shards(self) -> int:
        """How many shards it has."""
        return self.done + len(self.missing)

    @property
    def flop_left(self) -> float:
        """Operations of the shards that are missing."""
        return sum(self.missing.values())


@dataclass(frozen=True)
class PlannedTrial:
    """A trial, what it costs, how it stands and what will be measured on it."""

    trial: Trial
    cost: Cost
    state: str
    """finished, diverged, failed, interrupted (there is a checkpoint), or to do."""
    measures: tuple[PlannedMeasure, ...]
    """Empty for a diverged trial, which left no model to measure."""

    @property
    def ended(self) -> bool:
        """Whether its training has ended."""
        return self.state in {"finished", "diverged"}


@dataclass(frozen=True)
class Plan:
    """Every piece of work of a study, done or not."""

    study: Study
    facts: DataFacts
    device: Device
    """The device for which hours are stated."""
    trials: tuple[PlannedTrial, ...]
    prepared: Container[str]
    """Keys of the measures whose statistics exist, which are computed once for the study."""
    folder: str | None
    """The results folder, where one exists."""
    other_trials: int
    """Trials in the folder that have other settings than this study's, left by earlier runs."""

    @property
    def first_trials(self) -> set[str]:
        """The trial of each arm that is trained and measured first: the cheapest of the first seed among those left."""
        left: dict[str, list[PlannedTrial]] = {}
        for planned in self.trials:
            if not planned.ended and planned.trial != self.study.classifier_trial:
                left.setdefault(planned.trial.arm, []).append(planned)
        seeds = {seed: place for place, seed in enumerate(self.study.seeds)}
        cheapest = (min(each, key=lambda p: (seeds[p.trial.seed], p.cost.flop)) for each in left.values())
        return {planned.trial.id for planned in cheapest}

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
        return sum(len(measure.missing) for measure in self.measures)

    @property
    def trials_left(self) -> int:
        """Trials still to train, including those that were interrupted or failed."""
        return sum(not planned.ended for planned in self.trials)

    @property
    def flop(self) -> float:
        """Estimated floating-point operations of the whole study."""
        return sum(planned.cost.flop for planned in self.trials) + sum(measure.flop for measure in self.measures)

    @property
    def flop_left(self) -> float:
        """Operations of the missing work; an interrupted trial counts in full."""
        training = sum(planned.cost.flop for planned in self.trials if not planned.ended)
        return training + sum(measure.flop_left for measure in self.measures)

    @property
    def model_bytes(self) -> int:
        """Size of all trained models."""
        return sum(planned.cost.model_bytes for planned in self.trials)

    @property
    def checkpoint_bytes(self) -> int:
        """Size of all checkpoints if all missing trials trained at once."""
        return sum(planned.cost.checkpoint_bytes for planned in self.trials if not planned.ended)


@dataclass(frozen=True)
class Existing:
    """What a results folder holds of a study."""

    records: Mapping[str, TrialRecord]
    """How trials ended, by id."""
    failed: Container[str]
    """Ids of trials."""
    files: Container[str]
    """Of trials and shards."""
    prepared: Container[str]
    """As in a `Plan`."""
    other_trials: int


NOTHING = Existing({}, (), (), (), 0)


def list_existing(study: Study, store: StudyStore) -> Existing:
    """Looks for the whole study, with one listing for all trials and one for all shards of a measure."""
    ids = {trial.id for trial in study.trials}
    files = store.trials.files()
    shards = [store.shards.files(study.measure_key(m)) for m in study.measures]
    others = {name.split("/")[1] for name in files} - ids
    return Existing(
        store.trials.records(ids),
        store.trials.failures(ids),
        files.union(*shards),
        _prepared(study, store),
        len(others),
    )


def look_up_existing(study: Study, store: StudyStore) -> Existing:
    """Looks for each trial alone, for a study of few trials in a folder of many. It does not look for failures."""
    ids = [trial.id for trial in study.trials]
    found = {trial_id: store.trials.record(trial_id) for trial_id in ids}
    records = {trial_id: record for trial_id, record in found.items() if record is not None}
    keys = [study.measure_key(m) for m in study.measures]
    files = set[str]().union(*(store.shards.files(key, trial_id) for key in keys for trial_id in ids))
    return Existing(records, (), files, _prepared(study, store), 0)


def _prepared(study: Study, store: StudyStore) -> Collection[str]:
    keys = [study.measure_key(m) for m in study.measures if m.needs_reference]
    return {key for key in keys if store.assets.has(statistics_name(key, study.data))}


def make_plan(study: Study, facts: DataFacts, store: StudyStore | None, existing: Existing | None = None) -> Plan:
    """What there is to do for a study, given its results folder if there is one.

    Args:
        study: the study.
        facts: of its data set.
        store: its results folder.
        existing: what is there, if it was looked up already.

    Raises:
        UserError: the study's `estimated_device` is not in `DEVICES`.
    """
    device = find_device(study.estimated_device)
    folder = store.folder.locate() if store is not None and store.folder.exists() else None
    if existing is None:
        existing = list_existing(study, store) if store is not None and folder is not None else NOTHING
    trials = tuple(_plan_trial(study, trial, facts, existing) for trial in study.trials)
    return Plan(study, facts, device, trials, existing.prepared, folder, existing.other_trials)


def _plan_trial(study: Study, trial: Trial, facts: DataFacts, existing: Existing) -> PlannedTrial:
    state = _state(trial, existing)
    measured = [m for m in study.measures if state != "diverged" and study.applies(m, trial.arm, trial.model)]
    costs = {m: measure_cost(m, trial, facts) for m in measured}
    measures = tuple(_plan_measure(study, m, trial, cost, existing) for m, cost in costs.items() if cost)
    return PlannedTrial(trial, trial_cost(trial, facts), state, measures)


def _state(trial: Trial, existing: Existing) -> str:
    if trial.id in existing.records:
        return existing.records[trial.id].status
    if trial.id in existing.failed:
        return "failed"
    return "interrupted" if trial_file(trial.id, CHECKPOINT) in existing.files else "to do"


def _plan_measure(
    study: Study, measure: MeasureSettings, trial: Trial, cost: Mapping[Shard, float], existing: Existing
) -> PlannedMeasure:
    done = done_shards(existing.files, study.measure_key(measure), trial.id, tuple(cost))
    missing = {shard: flop for shard, flop in cost.items() if shard not in done}
    return PlannedMeasure(measure, len(done), missing, sum(cost.values()))
