"""Gathers the tables of a study from the files of its trials and shards. No torch, no Ray."""

import json
from dataclasses import asdict, dataclass, field

import pyarrow as pa

from raysweep.results import tables
from raysweep.results.names import FAILURE, shard_file
from raysweep.results.store import StudyStore
from raysweep.results.tables import measure_tables
from raysweep.results.trials import TrialRecord
from raysweep.study.core import Study, Trial
from raysweep.study.data import DataFacts
from raysweep.study.measures import MeasureSettings
from raysweep.study.table import HISTORY, Table

Record = dict[str, object]


def gather(store: StudyStore, study: Study, facts: DataFacts) -> None:
    """Writes every table of the study, and merges the shards of a trial into one file once all exist."""
    gathering = _Gathering(store, study, facts)
    gathering.trials()
    for measure in study.measures:
        gathering.measure(measure)
    gathering.save()


@dataclass
class _Gathering:
    store: StudyStore
    study: Study
    facts: DataFacts
    schedule: list[Record] = field(default_factory=list)
    failures: list[Record] = field(default_factory=list)
    measured: "dict[str, _Pile]" = field(
        default_factory=lambda: {name: _Pile(table) for name, table in measure_tables().items()}
    )

    def trials(self) -> None:
        """The tables of trials and their histories."""
        ids = [trial.id for trial in self.study.trials]
        ended, reasons = self.store.trials.ended(ids), self.store.trials.failures(ids)
        rows = []
        for trial in self.study.trials:
            names: Record = {"work": "train", "trial": trial.id, "shard": ""}
            record, work = ended.get(trial.id, (None, None))
            if work is not None:
                self.schedule.append({**names, **asdict(work)})
            elif trial.id in reasons:
                self.failures.append({**names, "reason": reasons[trial.id]})
            rows.append(_trial_row(trial, self.facts, record, reasons.get(trial.id)))
        self.store.save_table(tables.TRIALS, tables.TRIALS.records(rows))
        self.store.save_table(HISTORY, HISTORY.together(list(self.store.trials.histories(ended))))

    def measure(self, measure: MeasureSettings) -> None:
        """Adds the shards of a measure that are done."""
        key = self.study.measure_key(measure)
        cut = {trial.id: self.study.shards_of(measure, trial, self.facts) for trial in self.study.trials}
        files = self.store.shards.files(key)
        failed: dict[str, Record] = {}
        for trial_id, parts in self.store.shards.stored(key, cut, files):
            works = {name: work for part in parts for name, work in part.works.items()}
            for shard in cut[trial_id]:
                names: Record = {"work": measure.name, "trial": trial_id, "shard": shard.key}
                if shard.key in works:
                    self.schedule.append({**names, **asdict(works[shard.key])})
                else:
                    failed[shard_file(key, trial_id, shard, FAILURE)] = names
            for part in parts:
                self.measured[measure.table.name].add(part.rows)
            if len(works) == len(cut[trial_id]):
                self.store.shards.merge(measure.table, key, trial_id, parts, files)
        reasons = self.store.shards.failures(failed.keys() & files)
        self.failures += [{**failed[name], "reason": reason} for name, reason in reasons]

    def save(self) -> None:
        """Writes all other tables."""
        for pile in self.measured.values():
            self.store.save_table(pile.table, pile.rows())
        self.store.save_table(tables.FAILURES, tables.FAILURES.records(self.failures))
        self.store.save_table(tables.SCHEDULE, tables.SCHEDULE.records(self.schedule))
        for table in (tables.CONFIGURATIONS, tables.EVALUATIONS):
            if not self.store.has_table(table):  # a tuning's search has written these
                self.store.save_table(table, table.schema.empty_table())


def _trial_row(trial: Trial, facts: DataFacts, record: TrialRecord | None, failure: str | None) -> Record:
    if record is None:
        status, reason, steps = ("failed" if failure else "missing"), failure or "", 0
    else:
        status, reason, steps = record.status, record.reason, record.steps
    return {
        "trial": trial.id,
        "arm": trial.arm,
        "family": trial.model.family,
        "seed": trial.seed,
        "latent_dim": trial.latent_dim,
        "lam": getattr(trial.model, "lam", None),
        "c": getattr(trial.model, "c", None),
        "axes": json.dumps(trial.axis_values),
        "settings": trial.model.model_dump_json(),
        "status": status,
        "reason": reason,
        "steps": steps,
        "parameters": trial.model.parameters(facts),
    }


class _Pile:
    """Collects the rows of many small tables. A table of a few rows takes kilobytes, so some are merged at times."""

    MERGED_AT = 500

    def __init__(self, table: Table) -> None:
        self.table = table
        self._merged: list[pa.Table] = []
        self._latest: list[pa.Table] = []

    def add(self, part: pa.Table) -> None:
        """Adds a table's rows."""
        self._latest.append(part)
        if len(self._latest) == self.MERGED_AT:
            self._merged.append(self.table.together(self._latest).combine_chunks())
            self._latest = []

    def rows(self) -> pa.Table:
        """All rows so far."""
        return self.table.together([*self._merged, *self._latest])
