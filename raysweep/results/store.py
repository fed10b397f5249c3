"""A results folder: every name in it, every write to it. No torch, no Ray.

    <results>/<study>/
      study.json  facts.json  environment.json
      tuning.json  optuna.db                 of a tuning; its study.json has what is trained on fresh seeds
      recommended.py                         of a tuning: a study of the settings that did best on these
      trials/<trial>/checkpoint.pt           replaced as training goes on, removed when it is done
      trials/<trial>/model.pt  history.parquet
      trials/<trial>/done.json               written last: the trial is finished (or diverged)
      trials/<trial>/failed.json             why it failed; the next run tries it again
      trials/<trial>/pruned-<limits>.json    of a search: it was ended early by limits with this hash
      shards/<measure>/<trial>/<shard>.parquet, or .failed.json
      shards/<measure>/<trial>/all-<shards>.parquet     in their place once the tables were gathered with all of them
      assets/<name>                          computed once for the study: statistics of the data set
      tensorboard/<trial>/
      trials.parquet  history.parquet  <measure table>.parquet  failures.parquet  schedule.parquet
      report/

A file is whole or absent whenever a process dies: `raysweep.results.files`.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO, TypeVar, cast

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import ValidationError

from raysweep.errors import UserError
from raysweep.results import tables
from raysweep.results.files import Location, Mirror, Writer
from raysweep.results.names import (
    ASSETS,
    CHECKPOINT,
    DONE,
    FAILED,
    FAILURE,
    GPU_MEMORY,
    HISTORY,
    MODEL,
    PAGE,
    RECOMMENDED,
    REPORT,
    SHARDS,
    TENSORBOARD,
    TRIALS,
)
from raysweep.results.remote import open_folder
from raysweep.results.shards import StoredShards, _files_of, _shards_in, _table, merged_file, shard_file
from raysweep.results.tables import all_tables
from raysweep.results.trials import TrialRecord, Work, _pruned_file, _record, trial_file
from raysweep.study.architecture import ImageShape
from raysweep.study.base import Frozen
from raysweep.study.core import Study, describe_errors
from raysweep.study.data import DataFacts
from raysweep.study.measures import Shard
from raysweep.study.table import Table

Content = TypeVar("Content")


class StudyStore:
    """The results folder of one study."""

    def __init__(self, folder: Location) -> None:
        self.folder = open_folder(folder)

    # The study itself

    def save_study(self, study: Study, facts: DataFacts, environment: dict[str, object]) -> None:
        """Writes the resolved study, its data set's facts and the environment, replacing earlier ones."""
        self._write_text("study.json", study.model_dump_json(indent=2))
        self._write_json("facts.json", asdict(facts))
        self._write_json("environment.json", environment)

    def load_study(self) -> Study:
        """The study whose results these are.

        Raises:
            UserError: there is none here, or it is not one of this version.
        """
        try:
            return Study.model_validate_json(self.folder.read("study.json"))
        except (FileNotFoundError, NotADirectoryError):
            studies = sorted(self.folder.path.glob("*/study.json")) if self.folder.path else []
            named = f", such as {studies[0].parent}" if studies else ""
            raise UserError(
                f"results folder {self.folder}: no study.json in it; name a folder that a run has written{named}"
            ) from None
        except ValidationError as error:
            raise UserError(
                f"results folder {self.folder}: study.json is not a study of this version ({describe_errors(error)}); "
                "draw the report with the version of raysweep that ran it"
            ) from error

    def load_facts(self) -> DataFacts:
        """Facts of the study's data set."""
        values = json.loads(self.folder.read("facts.json"))
        return DataFacts(**{**values, "shape": ImageShape(**values["shape"])})

    def load_environment(self) -> dict[str, object]:
        """Versions, hardware and command of the last run."""
        return cast("dict[str, object]", json.loads(self.folder.read("environment.json")))

    # A tuning

    @property
    def optuna_url(self) -> str:
        """Address of the search's storage, as Optuna and its dashboard take it.

        Raises:
            UserError: the results folder is on no file system, where its database cannot be.
        """
        if self.folder.path is None:
            raise UserError(
                f"results folder {self.folder}: a tuning keeps its search in an SQLite database, which must lie on a "
                "file system; give --results a folder, which may be shared between machines"
            )
        return f"sqlite:///{self.folder.locate('optuna.db')}"

    def save_tuning(self, tuning: Frozen) -> None:
        """Writes the resolved tuning, replacing an earlier one."""
        self._write_text("tuning.json", tuning.model_dump_json(indent=2))

    def save_search(
        self, configurations: Sequence[dict[str, object]], evaluations: Sequence[dict[str, object]]
    ) -> None:
        """Writes the tables of a search. Its trials are in no other table."""
        self.save_table(tables.CONFIGURATIONS, tables.CONFIGURATIONS.records(configurations))
        self.save_table(tables.EVALUATIONS, tables.EVALUATIONS.records(evaluations))

    def save_recommended(self, text: str) -> None:
        """Writes the study file of the settings that a tuning recommends; no text removes an earlier one."""
        if text:
            self._write_text(RECOMMENDED, text)
        else:
            self.folder.delete(RECOMMENDED)

    def load_recommended(self) -> str:
        """The text of that file; empty if there is none. It is shown, and never run."""
        try:
            return self.folder.read(RECOMMENDED).decode()
        except FileNotFoundError:
            return ""

    # Trials

    def trial_files(self) -> set[str]:
        """The files of all trials, of this study or of others, named as by `trial_file`."""
        return self.folder.tree(TRIALS)

    def open_checkpoint(self, trial_id: str) -> BinaryIO | None:
        """The latest checkpoint of an unfinished trial, or None."""
        try:
            return self.folder.open(trial_file(trial_id, CHECKPOINT))
        except FileNotFoundError:
            return None

    def save_checkpoint(self, trial_id: str, write: Writer) -> None:
        """Replaces the trial's checkpoint."""
        self.folder.write(trial_file(trial_id, CHECKPOINT), write)

    def open_model(self, trial_id: str) -> BinaryIO:
        """The weights of a finished trial."""
        return self.folder.open(trial_file(trial_id, MODEL))

    def read_model(self, trial_id: str) -> bytes:
        """The same, as the file's content."""
        return self.folder.read(trial_file(trial_id, MODEL))

    def history(self, trial_id: str) -> pa.Table:
        """The history of a trial that has ended."""
        return self._read_table(trial_file(trial_id, HISTORY))

    def finish_trial(
        self, trial_id: str, record: TrialRecord, model: Writer | None, history: pa.Table, work: Work
    ) -> None:
        """Writes what a trial leaves behind, the done-marker last; a diverged trial leaves no model."""
        if model is not None:
            self.folder.write(trial_file(trial_id, MODEL), model)
        self._write_table(trial_file(trial_id, HISTORY), history)
        self._write_json(trial_file(trial_id, DONE), {"record": asdict(record), "work": asdict(work)})
        self.folder.delete(trial_file(trial_id, CHECKPOINT))
        self.folder.delete(trial_file(trial_id, FAILED))

    def prune_trial(
        self, trial_id: str, limits_key: str, record: TrialRecord, course: Mapping[int, float], work: Work
    ) -> None:
        """Writes what is left of a trial that a search ended early: it has not ended, under other limits or none."""
        content = {"record": asdict(record), "course": sorted(course.items()), "work": asdict(work)}
        self._write_json(_pruned_file(trial_id, limits_key), content)
        self.folder.delete(trial_file(trial_id, CHECKPOINT))
        self.folder.delete(trial_file(trial_id, FAILED))

    def pruned_trial(self, trial_id: str, limits_key: str) -> tuple[TrialRecord, dict[int, float]] | None:
        """How the trial was ended by these limits, and its losses by progress until then; None if it was not."""
        content = cast("dict[str, Any] | None", self._read_json(_pruned_file(trial_id, limits_key)))
        return (TrialRecord(**content["record"]), dict(content["course"])) if content else None

    def fail_trial(self, trial_id: str, reason: str) -> None:
        """Records why a trial failed. A later run tries it again."""
        self._write_json(trial_file(trial_id, FAILED), {"reason": reason})

    def trial_record(self, trial_id: str) -> TrialRecord | None:
        """How the trial ended, or None if it has not."""
        content = self._read_json(trial_file(trial_id, DONE))
        return _record(content) if content else None

    def trial_failure(self, trial_id: str) -> str | None:
        """Why the trial last failed, or None."""
        return self._reason(trial_file(trial_id, FAILED))

    def trial_records(self, trial_ids: Iterable[str]) -> dict[str, TrialRecord]:
        """How those of the trials ended that have."""
        return {trial_id: _record(note) for trial_id, note in self._notes(trial_ids, DONE).items()}

    def ended_trials(self, trial_ids: Iterable[str]) -> dict[str, tuple[TrialRecord, Work]]:
        """Those of the trials that have ended: how, and by which work."""
        notes = self._notes(trial_ids, DONE)
        return {trial_id: (_record(note), Work(**cast("Any", note["work"]))) for trial_id, note in notes.items()}

    def histories(self, trial_ids: Iterable[str]) -> Iterator[pa.Table]:
        """The histories of trials that have ended."""
        files = self.folder.read_all(trial_file(trial_id, HISTORY) for trial_id in trial_ids)
        return (self._understood(name, content, _table) for name, content in files)

    def trial_failures(self, trial_ids: Iterable[str]) -> dict[str, str]:
        """Why those of the trials failed that did."""
        return {trial_id: str(content["reason"]) for trial_id, content in self._notes(trial_ids, FAILED).items()}

    def _notes(self, trial_ids: Iterable[str], name: str) -> dict[str, dict[str, object]]:
        """A file of all trials that have it."""
        there = self.trial_files()
        files = {trial_file(trial_id, name): trial_id for trial_id in trial_ids}
        found = self.folder.read_all(file for file in files if file in there)
        return {files[name]: self._understood(name, content, json.loads) for name, content in found}

    # Shards

    def save_shard(self, measure_key: str, trial_id: str, shard: Shard, rows: pa.Table, work: Work) -> None:
        """Writes a shard's rows, whole."""
        rows = rows.replace_schema_metadata({"work": json.dumps(asdict(work))})
        self._write_table(shard_file(measure_key, trial_id, shard), rows)
        self.folder.delete(shard_file(measure_key, trial_id, shard, FAILURE))

    def fail_shard(self, measure_key: str, trial_id: str, shard: Shard, reason: str) -> None:
        """Records why a shard failed. A later run tries it again."""
        self._write_json(shard_file(measure_key, trial_id, shard, FAILURE), {"reason": reason})

    def shard_failures(self, names: Iterable[str]) -> Iterator[tuple[str, str]]:
        """Files that say why shards failed, and what each says."""
        found = self.folder.read_all(names)
        return ((name, str(self._understood(name, content, json.loads)["reason"])) for name, content in found)

    def shard_failure(self, measure_key: str, trial_id: str, shard: Shard) -> str | None:
        """Why the shard last failed, or None."""
        return self._reason(shard_file(measure_key, trial_id, shard, FAILURE))

    def shard_files(self, measure_key: str, trial_id: str = "") -> set[str]:
        """The files of a measure's shards of a trial, or of all: what is done, as `done_shards` reads it, or failed."""
        return self.folder.tree(f"{SHARDS}/{measure_key}/{trial_id}" if trial_id else f"{SHARDS}/{measure_key}")

    def shard_rows(self, table: Table, measure_key: str, trial_id: str, shards: Sequence[Shard]) -> pa.Table:
        """The rows of these shards, which are all of a measure of a trial, sorted by the table's keys.

        Raises:
            FileNotFoundError: they are not all done.
        """
        parts = self._stored(measure_key, trial_id, shards)
        if sum(len(part.works) for part in parts) < len(shards):
            raise FileNotFoundError(f"shards of {measure_key} of {trial_id}: not all are done")
        return table.sorted(table.together([part.rows for part in parts]))

    def stored_shards(
        self, measure_key: str, cut: Mapping[str, Sequence[Shard]], files: Set[str]
    ) -> Iterator[tuple[str, list[StoredShards]]]:
        """What is done of a measure, by trial id, a trial at a time: all together may be a lot.

        Args:
            measure_key: of the measure.
            cut: all shards of each trial.
            files: what `shard_files` lists of the measure.
        """
        names = {trial_id: _files_of(files, measure_key, trial_id, shards) for trial_id, shards in cut.items()}
        contents = self.folder.read_all(name for own in names.values() for name in own)
        following = next(contents, None)
        for trial_id, own in names.items():
            parts = []
            while following and following[0] in own:
                parts.append(self._stored_in(*following, own[following[0]]))
                following = next(contents, None)
            yield trial_id, parts if len(parts) == len(own) else self._stored(measure_key, trial_id, cut[trial_id])

    def _stored(self, measure_key: str, trial_id: str, shards: Sequence[Shard]) -> list[StoredShards]:
        """What is done of a measure of a trial, file by file."""
        for _ in range(2):  # another run may put one file in place of many between the listing and the reading
            files = _files_of(self.shard_files(measure_key, trial_id), measure_key, trial_id, shards)
            parts = [self._stored_in(name, content, files[name]) for name, content in self.folder.read_all(files)]
            if len(parts) == len(files):
                break
        return parts

    def merge_shards(
        self, table: Table, measure_key: str, trial_id: str, parts: Sequence[StoredShards], files: Set[str]
    ) -> None:
        """Puts one file in place of many: `parts` are all shards of a measure of a trial.

        The files of each are removed, of those that `files` lists, once they are not read any more.
        """
        shards = [shard for part in parts for shard in part.shards]
        if len(parts) > 1:
            works = {key: asdict(work) for part in parts for key, work in part.works.items()}
            rows = table.sorted(table.together([part.rows for part in parts]))
            rows = rows.replace_schema_metadata({"works": json.dumps(works)})
            self._write_table(merged_file(measure_key, trial_id, shards), rows)
        if len(shards) > 1:
            names = (shard_file(measure_key, trial_id, shard) for shard in shards)
            self.folder.delete_all(name for name in names if name in files)

    # Assets

    def has_asset(self, name: str) -> bool:
        """Whether something that is computed once for the whole study is there."""
        return self.folder.exists(asset_file(name))

    def open_asset(self, name: str) -> BinaryIO:
        """An asset to read."""
        return self.folder.open(asset_file(name))

    def save_asset(self, name: str, write: Writer) -> None:
        """Writes an asset, whole."""
        self.folder.write(asset_file(name), write)
        self.folder.delete(asset_file(f"{name}{FAILURE}"))

    def fail_asset(self, name: str, reason: str) -> None:
        """Records why an asset could not be computed. A later run tries it again."""
        self._write_json(asset_file(f"{name}{FAILURE}"), {"reason": reason})

    def asset_failure(self, name: str) -> str | None:
        """Why the asset could not be computed, or None."""
        return self._reason(asset_file(f"{name}{FAILURE}"))

    # What people look at

    def tensorboard(self, trial_id: str) -> Mirror:
        """Folder of TensorBoard's event files of a trial."""
        return self.folder.mirror(f"{TENSORBOARD}/{trial_id}")

    @property
    def tensorboard_location(self) -> str:
        """The folder that holds those of all trials."""
        return self.folder.locate(TENSORBOARD)

    def save_report(self, folder: Path) -> None:
        """Copies a report that was drawn elsewhere into the results folder, in place of an earlier one."""
        files = {
            f"{REPORT}/{path.relative_to(folder).as_posix()}": path for path in folder.rglob("*") if path.is_file()
        }
        earlier = self.folder.tree(REPORT)
        for name in sorted(files, key=lambda name: (name == f"{REPORT}/{PAGE}", name)):  # the page last
            self.folder.send(files[name], name)
        for name in earlier - files.keys():
            self.folder.delete(name)

    # Memory of GPUs

    def save_memory(self, needs: Mapping[str, object]) -> None:
        """Writes what work was measured to need of a GPU; see `raysweep.execution.cluster.packing`."""
        self._write_json(asset_file(GPU_MEMORY), needs)

    def load_memory(self) -> dict[str, Any]:
        """What `save_memory` wrote; empty where nothing was measured."""
        return self._read_json(asset_file(GPU_MEMORY)) or {}

    # Probes: whether other machines see this folder

    def save_probe(self, name: str) -> None:
        """Leaves a sign for another machine."""
        self._write_json(_probe(name), {})

    def has_probe(self, name: str) -> bool:
        """Whether a sign was left, as this machine sees it."""
        return self._read_json(_probe(name)) is not None

    def remove_probe(self, name: str) -> None:
        """Removes a sign, if it is there."""
        self.folder.delete(_probe(name))

    # Tables

    def save_table(self, table: Table, rows: pa.Table) -> None:
        """Writes a table, sorted by its keys, in place of an earlier one."""
        self._write_table(table_file(table.name), table.sorted(rows))

    def has_table(self, table: Table) -> bool:
        """Whether the table was written."""
        return self.folder.exists(table_file(table.name))

    def table(self, name: str) -> pd.DataFrame:
        """A table; empty, with its columns, where nothing was measured.

        Raises:
            UserError: there is no such table among those documented in `raysweep.results.tables`.
        """
        known = all_tables()
        if name not in known:
            raise UserError(f"table {name!r}: unknown; the tables are {', '.join(known)}")
        try:
            parts = [self._read_table(table_file(name))]
        except FileNotFoundError:
            parts = []
        return pd.DataFrame(known[name].together(parts).to_pandas())

    # Reading and writing

    def _write_table(self, name: str, rows: pa.Table) -> None:
        self.folder.write(name, lambda file: pq.write_table(rows, file, compression="zstd"))

    def _write_json(self, name: str, content: object) -> None:
        self._write_text(name, json.dumps(content, indent=2))

    def _write_text(self, name: str, text: str) -> None:
        self.folder.write(name, lambda file: file.write(text.encode()))

    def _read_table(self, name: str) -> pa.Table:
        return self._understood(name, self.folder.read(name), _table)

    def _read_json(self, name: str) -> dict[str, object] | None:
        try:
            content = self.folder.read(name)
        except FileNotFoundError:
            return None
        return cast("dict[str, object]", self._understood(name, content, json.loads))

    def _stored_in(self, name: str, content: bytes, shards: tuple[Shard, ...]) -> StoredShards:
        return self._understood(name, content, lambda content: _shards_in(content, shards))

    def _understood(self, name: str, content: bytes, read: Callable[[bytes], Content]) -> Content:
        """What a file says.

        Raises:
            UserError: it is damaged. No run leaves such a file; a full or failing disk, or a copy, may.
        """
        try:
            return read(content)
        except (ValueError, KeyError, TypeError, OSError) as error:
            of_trial = name.startswith(f"{TRIALS}/")
            remedy = "its folder, and a run trains the model" if of_trial else "it, and a run writes it"
            raise UserError(f"file {self.folder.locate(name)}: damaged ({error}); remove {remedy} again") from error

    def _reason(self, name: str) -> str | None:
        content = self._read_json(name)
        return str(content["reason"]) if content else None


def asset_file(name: str) -> str:
    """Name of the file of an asset."""
    return f"{ASSETS}/{name}"


def table_file(name: str) -> str:
    """Name of the file of a collected table."""
    return f"{name}.parquet"


def _probe(name: str) -> str:
    return f".probe-{name}.json"
