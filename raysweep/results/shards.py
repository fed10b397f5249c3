"""Results of measures: the rows of each shard of a measure of a trial, and the work that they took."""

import json
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import asdict, dataclass

import pyarrow as pa

from raysweep.results.documents import Documents, table_in
from raysweep.results.names import FAILURE, merged_file, shard_file, shard_folder
from raysweep.results.trials import Work
from raysweep.study.measures import Shard
from raysweep.study.table import Table


@dataclass(frozen=True)
class StoredShards:
    """The content of a file of one shard, or of all shards, of a measure of a trial."""

    shards: tuple[Shard, ...]
    rows: pa.Table
    works: Mapping[str, Work]
    """The work that each shard took, by its key."""


class ShardFiles:
    """The files of all shards in a results folder."""

    def __init__(self, documents: Documents) -> None:
        self.documents = documents
        self.folder = documents.folder

    def save(self, measure_key: str, trial_id: str, shard: Shard, rows: pa.Table, work: Work) -> None:
        """Writes a shard's rows, whole."""
        rows = rows.replace_schema_metadata({"work": json.dumps(asdict(work))})
        self.documents.write_table(shard_file(measure_key, trial_id, shard), rows)
        self.folder.delete(shard_file(measure_key, trial_id, shard, FAILURE))

    def fail(self, measure_key: str, trial_id: str, shard: Shard, reason: str) -> None:
        """Records why a shard failed. A later run tries it again."""
        self.documents.write_reason(shard_file(measure_key, trial_id, shard, FAILURE), reason)

    def failure(self, measure_key: str, trial_id: str, shard: Shard) -> str | None:
        """Why the shard last failed, or None."""
        return self.documents.read_reason(shard_file(measure_key, trial_id, shard, FAILURE))

    def failures(self, names: Iterable[str]) -> Iterator[tuple[str, str]]:
        """Files of the reasons why shards failed, with their content."""
        return ((name, str(content["reason"])) for name, content in self.documents.read_all_json(names))

    def files(self, measure_key: str, trial_id: str = "") -> set[str]:
        """The files of a measure's shards of one or all trials: done, as `done_shards` reads them, or failed."""
        return self.folder.tree(shard_folder(measure_key, trial_id))

    def rows(self, table: Table, measure_key: str, trial_id: str, shards: Sequence[Shard]) -> pa.Table:
        """The rows of all shards of a measure of a trial, sorted by the table's keys.

        Raises:
            FileNotFoundError: not all are done.
        """
        parts = self._of_trial(measure_key, trial_id, shards)
        if sum(len(part.works) for part in parts) < len(shards):
            raise FileNotFoundError(f"shards of {measure_key} of {trial_id}: not all are done")
        return table.sorted(table.together([part.rows for part in parts]))

    def stored(
        self, measure_key: str, cut: Mapping[str, Sequence[Shard]], files: Set[str]
    ) -> Iterator[tuple[str, list[StoredShards]]]:
        """The shards of a measure that are done, by trial id, one trial at a time to save memory.

        Args:
            measure_key: of the measure.
            cut: all shards of each trial.
            files: the measure's files as `files` lists them.
        """
        names = {trial_id: _files_of(files, measure_key, trial_id, shards) for trial_id, shards in cut.items()}
        contents = self.folder.read_all(name for own in names.values() for name in own)
        following = next(contents, None)
        for trial_id, own in names.items():
            parts = []
            while following and following[0] in own:
                parts.append(self._stored_in(*following, own[following[0]]))
                following = next(contents, None)
            yield trial_id, parts if len(parts) == len(own) else self._of_trial(measure_key, trial_id, cut[trial_id])

    def _of_trial(self, measure_key: str, trial_id: str, shards: Sequence[Shard]) -> list[StoredShards]:
        """The shards of a measure of a trial that are done, file by file."""
        for _ in range(2):  # another run may merge the files between the listing and the reading
            files = _files_of(self.files(measure_key, trial_id), measure_key, trial_id, shards)
            parts = [self._stored_in(name, content, files[name]) for name, content in self.folder.read_all(files)]
            if len(parts) == len(files):
                break
        return parts

    def _stored_in(self, name: str, content: bytes, shards: tuple[Shard, ...]) -> StoredShards:
        return self.documents.understood(name, content, lambda content: _shards_in(content, shards))

    def merge(
        self, table: Table, measure_key: str, trial_id: str, parts: Sequence[StoredShards], files: Set[str]
    ) -> None:
        """Merges all shards of a measure of a trial, `parts`, into one file.

        Then removes the files of single shards that `files` lists.
        """
        shards = [shard for part in parts for shard in part.shards]
        if len(parts) > 1:
            works = {key: asdict(work) for part in parts for key, work in part.works.items()}
            rows = table.sorted(table.together([part.rows for part in parts]))
            rows = rows.replace_schema_metadata({"works": json.dumps(works)})
            self.documents.write_table(merged_file(measure_key, trial_id, shards), rows)
        if len(shards) > 1:
            names = (shard_file(measure_key, trial_id, shard) for shard in shards)
            self.folder.delete_all(name for name in names if name in files)


def done_shards(files: Container[str], measure_key: str, trial_id: str, shards: Sequence[Shard]) -> set[Shard]:
    """The shards of a measure of a trial that are done, by the files that exist."""
    return {shard for done in _files_of(files, measure_key, trial_id, shards).values() for shard in done}


def _files_of(
    files: Container[str], measure_key: str, trial_id: str, shards: Sequence[Shard]
) -> dict[str, tuple[Shard, ...]]:
    """The existing files that hold a measure's shards of a trial, each with the shards that it holds."""
    merged = merged_file(measure_key, trial_id, shards)
    if merged in files:
        return {merged: tuple(shards)}
    named = {shard_file(measure_key, trial_id, shard): (shard,) for shard in shards}
    return {name: held for name, held in named.items() if name in files}


def _shards_in(content: bytes, shards: tuple[Shard, ...]) -> StoredShards:
    rows = table_in(content)
    notes = {name: json.loads(note) for name, note in rows.schema.metadata.items()}
    works = notes[b"works"] if b"works" in notes else {shards[0].key: notes[b"work"]}
    return StoredShards(shards, rows.replace_schema_metadata(None), {key: Work(**work) for key, work in works.items()})
