"""The files of a measure's shards."""

import hashlib
import json
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.parquet as pq

from raysweep.results.names import ROWS, SHARDS
from raysweep.results.trials import Work
from raysweep.study.measures import Shard


@dataclass(frozen=True)
class StoredShards:
    """The content of a file of shards of a measure of a trial: one of them, or all."""

    shards: tuple[Shard, ...]
    rows: pa.Table
    works: Mapping[str, Work]
    """How each was computed, by its key."""


def shard_file(measure_key: str, trial_id: str, shard: Shard, suffix: str = ROWS) -> str:
    """Name of the file of a shard's rows; or, with `FAILURE`, of why there are none."""
    return f"{SHARDS}/{measure_key}/{trial_id}/{shard.key}{suffix}"


def merged_file(measure_key: str, trial_id: str, shards: Sequence[Shard]) -> str:
    """Name of the file of the rows of all shards of a measure of a trial, which are these."""
    digest = hashlib.sha256(" ".join(shard.key for shard in shards).encode()).hexdigest()[:8]
    return f"{SHARDS}/{measure_key}/{trial_id}/all-{digest}{ROWS}"


def done_shards(files: Container[str], measure_key: str, trial_id: str, shards: Sequence[Shard]) -> set[Shard]:
    """Those of a measure's shards of a trial that are done, by the files that are there."""
    return {shard for done in _files_of(files, measure_key, trial_id, shards).values() for shard in done}


def _files_of(
    files: Container[str], measure_key: str, trial_id: str, shards: Sequence[Shard]
) -> dict[str, tuple[Shard, ...]]:
    """The files that hold a measure's shards of a trial, of those that are there, and which each holds."""
    merged = merged_file(measure_key, trial_id, shards)
    if merged in files:
        return {merged: tuple(shards)}
    named = {shard_file(measure_key, trial_id, shard): (shard,) for shard in shards}
    return {name: held for name, held in named.items() if name in files}


def _shards_in(content: bytes, shards: tuple[Shard, ...]) -> StoredShards:
    rows = _table(content)
    notes = {name: json.loads(note) for name, note in rows.schema.metadata.items()}
    works = notes[b"works"] if b"works" in notes else {shards[0].key: notes[b"work"]}
    return StoredShards(shards, rows.replace_schema_metadata(None), {key: Work(**work) for key, work in works.items()})


def _table(content: bytes) -> pa.Table:
    # Threads cost more than they bring: most files have a few rows, and there may be a hundred thousand of them.
    return pq.ParquetFile(pa.BufferReader(content)).read(use_threads=False)
