"""A results folder: every path in it, every write to it. No torch, no Ray.

    <results>/<study>/
      study.json  facts.json  environment.json
      tuning.json  optuna.db                 of a tuning; its study.json has what is trained on fresh seeds
      recommended.py                         of a tuning: a study of the settings that did best on these
      trials/<trial>/checkpoint.pt           replaced as training goes on, removed when it is done
      trials/<trial>/model.pt  history.parquet
      trials/<trial>/done.json               written last: the trial is finished (or diverged)
      trials/<trial>/failed.json             why it failed; the next run tries it again
      shards/<measure>/<trial>/<shard>.parquet, or .failed.json
      assets/<name>                          computed once for the study: statistics of the data set
      tensorboard/<trial>/
      trials.parquet  history.parquet  <measure table>.parquet  failures.parquet  schedule.parquet
      report/

Everything is written under a temporary name and renamed, so a file is whole or absent whenever a process dies.
"""

import contextlib
import json
import os
import socket
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO, cast

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import ValidationError

from raysweep import schema
from raysweep.architecture import ImageShape
from raysweep.errors import UserError
from raysweep.schema import Table
from raysweep.study.core import Study, Trial, describe_errors
from raysweep.study.data import DataFacts
from raysweep.study.measures import AnyMeasure, Shard
from raysweep.study.tuning import Tuning
from raysweep.tables import MEASURE_TABLES, TABLES

Writer = Callable[[BinaryIO], object]
"""Writes a file's content. Checkpoints of large models are gigabytes, so they are not first built in memory."""


@dataclass(frozen=True)
class Work:
    """Where and when a piece of work ran; kept apart from its result."""

    node: str
    process: int
    started: float
    wall: float
    cpu: float


@dataclass
class Stopwatch:
    """Measures a piece of work in this process, across interruptions if it is given what was spent before."""

    started: float
    wall: float = 0.0
    cpu: float = 0.0

    @classmethod
    def start(cls) -> "Stopwatch":
        """A stopwatch that starts now, with nothing spent."""
        return cls(time.time())

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Adds the time spent inside."""
        wall, cpu = time.perf_counter(), time.process_time()
        try:
            yield
        finally:
            self.wall += time.perf_counter() - wall
            self.cpu += time.process_time() - cpu

    def work(self) -> Work:
        """The work so far, as done by this process on this node."""
        return Work(socket.gethostname(), os.getpid(), self.started, self.wall, self.cpu)


@dataclass(frozen=True)
class TrialRecord:
    """How a trial ended: `status` is finished or diverged."""

    status: str
    reason: str
    steps: int
    parameters: int


class StudyStore:
    """The results folder of one study."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()

    # The study itself

    def save_study(self, study: Study, facts: DataFacts, environment: dict[str, object]) -> None:
        """Writes the resolved study, its data set's facts and the environment, replacing earlier ones."""
        content = study.model_dump_json(indent=2).encode()
        self._write(self.folder / "study.json", lambda file: file.write(content))
        self._write_json(self.folder / "facts.json", asdict(facts))
        self._write_json(self.folder / "environment.json", environment)

    def load_study(self) -> Study:
        """The study whose results these are.

        Raises:
            UserError: there is none here, or it is not one of this version.
        """
        path = self.folder / "study.json"
        if not path.is_file():
            raise UserError(f"results folder {self.folder}: no study.json in it; name a folder that a run has written")
        try:
            return Study.model_validate_json(path.read_bytes())
        except ValidationError as error:
            raise UserError(
                f"results folder {self.folder}: study.json is not a study of this version ({describe_errors(error)}); "
                "draw the report with the version of raysweep that ran it"
            ) from error

    @property
    def optuna_url(self) -> str:
        """Address of the search's storage, as Optuna and its dashboard take it."""
        return f"sqlite:///{self.folder / 'optuna.db'}"

    def save_tuning(self, tuning: Tuning) -> None:
        """Writes the resolved tuning, replacing an earlier one."""
        content = tuning.model_dump_json(indent=2).encode()
        self._write(self.folder / "tuning.json", lambda file: file.write(content))

    def save_search(
        self, configurations: Sequence[dict[str, object]], evaluations: Sequence[dict[str, object]]
    ) -> None:
        """Writes the tables of a search. Its trials are in no other table."""
        self._save_table(schema.CONFIGURATIONS, _to_arrow(schema.CONFIGURATIONS, configurations))
        self._save_table(schema.EVALUATIONS, _to_arrow(schema.EVALUATIONS, evaluations))

    @property
    def recommended_path(self) -> Path:
        """The study file of the settings that a tuning recommends; there is none before its end."""
        return self.folder / "recommended.py"

    def save_recommended(self, text: str) -> None:
        """Writes that file, or removes an earlier one where nothing is recommended."""
        if text:
            self._write(self.recommended_path, lambda file: file.write(text.encode()))
        else:
            self.recommended_path.unlink(missing_ok=True)

    def load_facts(self) -> DataFacts:
        """Facts of the study's data set."""
        values = json.loads((self.folder / "facts.json").read_text())
        return DataFacts(**{**values, "shape": ImageShape(**values["shape"])})

    def load_environment(self) -> dict[str, object]:
        """Versions, hardware and command of the last run."""
        return cast("dict[str, object]", json.loads((self.folder / "environment.json").read_text()))

    # Trials

    def trial_folder(self, trial_id: str) -> Path:
        """Folder of a trial."""
        return self.folder / "trials" / trial_id

    def checkpoint_path(self, trial_id: str) -> Path:
        """The latest checkpoint of an unfinished trial."""
        return self.trial_folder(trial_id) / "checkpoint.pt"

    def model_path(self, trial_id: str) -> Path:
        """Weights of a finished trial."""
        return self.trial_folder(trial_id) / "model.pt"

    def tensorboard_folder(self, trial_id: str | None = None) -> Path:
        """Folder of TensorBoard's event files: of one trial, or the one that holds all."""
        return self.folder / "tensorboard" / trial_id if trial_id else self.folder / "tensorboard"

    def save_checkpoint(self, trial_id: str, write: Writer) -> None:
        """Replaces the trial's checkpoint."""
        self._write(self.checkpoint_path(trial_id), write)

    def finish_trial(
        self, trial_id: str, record: TrialRecord, model: Writer | None, history: pa.Table, work: Work
    ) -> None:
        """Writes what a trial leaves behind, the done-marker last; a diverged trial leaves no model."""
        folder = self.trial_folder(trial_id)
        if model is not None:
            self._write(self.model_path(trial_id), model)
        self._write_table(folder / "history.parquet", history)
        self._write_json(folder / "done.json", {"record": asdict(record), "work": asdict(work)})
        self.checkpoint_path(trial_id).unlink(missing_ok=True)
        (folder / "failed.json").unlink(missing_ok=True)

    def fail_trial(self, trial_id: str, reason: str) -> None:
        """Records why a trial failed. A later run tries it again."""
        self._write_json(self.trial_folder(trial_id) / "failed.json", {"reason": reason})

    def trial_record(self, trial_id: str) -> TrialRecord | None:
        """How the trial ended, or None if it has not."""
        content = self._read_json(self.trial_folder(trial_id) / "done.json")
        return TrialRecord(**cast("dict[str, object]", content["record"])) if content else None  # type: ignore[arg-type]

    def trial_failure(self, trial_id: str) -> str | None:
        """Why the trial last failed, or None."""
        content = self._read_json(self.trial_folder(trial_id) / "failed.json")
        return str(content["reason"]) if content else None

    # Shards

    def shard_path(self, measure_key: str, trial_id: str, shard: Shard) -> Path:
        """File of a shard's rows."""
        return self.folder / "shards" / measure_key / trial_id / f"{shard.key}.parquet"

    def save_shard(self, measure_key: str, trial_id: str, shard: Shard, rows: pa.Table, work: Work) -> None:
        """Writes a shard's rows, whole."""
        path = self.shard_path(measure_key, trial_id, shard)
        self._write_table(path, rows.replace_schema_metadata({"work": json.dumps(asdict(work))}))
        path.with_suffix(".failed.json").unlink(missing_ok=True)

    def fail_shard(self, measure_key: str, trial_id: str, shard: Shard, reason: str) -> None:
        """Records why a shard failed. A later run tries it again."""
        path = self.shard_path(measure_key, trial_id, shard).with_suffix(".failed.json")
        self._write_json(path, {"reason": reason})

    def shard_failure(self, measure_key: str, trial_id: str, shard: Shard) -> str | None:
        """Why the shard last failed, or None."""
        content = self._read_json(self.shard_path(measure_key, trial_id, shard).with_suffix(".failed.json"))
        return str(content["reason"]) if content else None

    def existing_shards(self, measure_key: str, trial_id: str) -> set[str]:
        """Keys of the shards that are done."""
        folder = self.folder / "shards" / measure_key / trial_id
        return {path.stem for path in folder.glob("*.parquet")} if folder.is_dir() else set()

    def shard_rows(self, table: Table, measure_key: str, trial_id: str) -> pa.Table:
        """The rows of all shards of a measure of a trial that are done, sorted by the table's keys."""
        folder = self.folder / "shards" / measure_key / trial_id
        tables = [_read(path).replace_schema_metadata(None) for path in sorted(folder.glob("*.parquet"))]
        return _sorted(table, _together(table, tables))

    # Assets

    def asset_path(self, name: str) -> Path:
        """File of something computed once for the whole study."""
        return self.folder / "assets" / name

    def save_asset(self, name: str, write: Writer) -> None:
        """Writes an asset, whole."""
        self._write(self.asset_path(name), write)
        self.asset_path(f"{name}.failed.json").unlink(missing_ok=True)

    def fail_asset(self, name: str, reason: str) -> None:
        """Records why an asset could not be computed. A later run tries it again."""
        self._write_json(self.asset_path(f"{name}.failed.json"), {"reason": reason})

    def asset_failure(self, name: str) -> str | None:
        """Why the asset could not be computed, or None."""
        content = self._read_json(self.asset_path(f"{name}.failed.json"))
        return str(content["reason"]) if content else None

    # Probes: whether other machines see this folder

    def save_probe(self, name: str, content: str) -> None:
        """Leaves a note for another machine."""
        self._write_json(self._probe_path(name), {"content": content})

    def read_probe(self, name: str) -> str | None:
        """A note that was left, or None."""
        found = self._read_json(self._probe_path(name))
        return str(found["content"]) if found else None

    def remove_probe(self, name: str) -> None:
        """Removes a note, if it is there."""
        self._probe_path(name).unlink(missing_ok=True)

    def _probe_path(self, name: str) -> Path:
        return self.folder / f".probe-{name}.json"

    # Tables

    def collect(self, study: Study, facts: DataFacts) -> None:
        """Writes every table of the study from what its trials and shards left behind."""
        schedule: list[dict[str, object]] = []
        failures: list[dict[str, object]] = []
        self._collect_trials(study, facts, schedule, failures)
        self._collect_measures(study, facts, schedule, failures)
        self._save_table(schema.FAILURES, _to_arrow(schema.FAILURES, failures))
        self._save_table(schema.SCHEDULE, _to_arrow(schema.SCHEDULE, schedule))
        for table in (schema.CONFIGURATIONS, schema.EVALUATIONS):
            if not self.table_path(table.name).is_file():  # of a tuning, its search has written them
                self._save_table(table, table.schema.empty_table())

    def table(self, name: str) -> pd.DataFrame:
        """A collected table; empty, with its columns, where nothing was measured.

        Raises:
            UserError: there is no such table among those documented in `raysweep.schema`.
        """
        if name not in TABLES:
            raise UserError(f"table {name!r}: unknown; the tables are {', '.join(TABLES)}")
        path = self.table_path(name)
        tables = [pq.read_table(path)] if path.is_file() else []
        return pd.DataFrame(_together(TABLES[name], tables).to_pandas())

    def table_path(self, name: str) -> Path:
        """File of a collected table."""
        return self.folder / f"{name}.parquet"

    @property
    def report_folder(self) -> Path:
        """Folder of the report."""
        return self.folder / "report"

    def _collect_trials(
        self, study: Study, facts: DataFacts, schedule: list[dict[str, object]], failures: list[dict[str, object]]
    ) -> None:
        rows: list[dict[str, object]] = []
        histories = [schema.HISTORY.schema.empty_table()]
        for trial in study.trials:
            record = self.trial_record(trial.id)
            reason = self.trial_failure(trial.id)
            rows.append(_trial_row(trial, facts, record, reason))
            if record:
                histories.append(_read(self.trial_folder(trial.id) / "history.parquet"))
                done = cast("dict[str, object]", self._read_json(self.trial_folder(trial.id) / "done.json"))
                work = cast("dict[str, object]", done["work"])
                schedule.append({"work": "train", "trial": trial.id, "shard": "", **work})
            elif reason:
                failures.append({"work": "train", "trial": trial.id, "shard": "", "reason": reason})
        self._save_table(schema.TRIALS, _to_arrow(schema.TRIALS, rows))
        self._save_table(schema.HISTORY, pa.concat_tables(histories))

    def _collect_measures(
        self, study: Study, facts: DataFacts, schedule: list[dict[str, object]], failures: list[dict[str, object]]
    ) -> None:
        collected: dict[str, list[pa.Table]] = {name: [] for name in MEASURE_TABLES}
        for measure, trial, shard in measurements(study, facts):
            path = self.shard_path(measure_key(study, measure), trial.id, shard)
            names: dict[str, object] = {"work": measure.name, "trial": trial.id, "shard": shard.key}
            failure = self.shard_failure(measure_key(study, measure), trial.id, shard)
            if path.is_file():
                rows = _read(path)
                schedule.append({**names, **json.loads(rows.schema.metadata[b"work"])})
                collected[measure.table.name].append(rows.replace_schema_metadata(None))
            elif failure:
                failures.append({**names, "reason": failure})
        for name, tables in collected.items():
            self._save_table(MEASURE_TABLES[name], _together(MEASURE_TABLES[name], tables))

    def _save_table(self, table: Table, rows: pa.Table) -> None:
        self._write_table(self.table_path(table.name), _sorted(table, rows))

    # Writing whole files

    def _write_table(self, path: Path, rows: pa.Table) -> None:
        self._write(path, lambda file: pq.write_table(rows, file, compression="zstd"))

    def _write_json(self, path: Path, content: object) -> None:
        text = json.dumps(content, indent=2).encode()
        self._write(path, lambda file: file.write(text))

    def _write(self, path: Path, write: Writer) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}.part")
        try:
            with temporary.open("wb") as file:
                write(file)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)

    def _read_json(self, path: Path) -> dict[str, object] | None:
        try:
            return cast("dict[str, object]", json.loads(path.read_text()))
        except FileNotFoundError:
            return None


def measure_key(study: Study, measure: AnyMeasure) -> str:
    """Folder name of a measure's shards in this study."""
    classifier, followed = study.classifier_trial, study.followed(measure)
    return measure.key(classifier.id if classifier else "", *([measure_key(study, followed)] if followed else []))


def measurements(study: Study, facts: DataFacts) -> Iterator[tuple[AnyMeasure, Trial, Shard]]:
    """Every shard of every measure of the study, whether done or not."""
    for measure in study.measures:
        for trial in study.trials:
            if study.applies(measure, trial.arm, trial.model):
                for shard in measure.shards(trial.model, facts):
                    yield measure, trial, shard


def _trial_row(trial: Trial, facts: DataFacts, record: TrialRecord | None, failure: str | None) -> dict[str, object]:
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


def _to_arrow(table: Table, rows: Sequence[dict[str, object]]) -> pa.Table:
    return table.rows({column.name: [row[column.name] for row in rows] for column in table.columns})


def _sorted(table: Table, rows: pa.Table) -> pa.Table:
    return rows.sort_by([(name, "ascending") for name in table.key_names])


def _together(table: Table, parts: Sequence[pa.Table]) -> pa.Table:
    """The rows of all parts; a column that an earlier version did not have yet is empty in what it wrote."""
    return pa.concat_tables([table.schema.empty_table(), *parts], promote_options="default")


def _read(path: Path) -> pa.Table:
    return pq.ParquetFile(path).read()
