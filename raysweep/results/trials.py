"""Results of trials: checkpoints, models, histories, and how each trial ended and what work it took."""

import contextlib
import os
import socket
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, BinaryIO, cast

import pyarrow as pa

from raysweep.results.documents import Documents, Note, table_in
from raysweep.results.files import Writer
from raysweep.results.names import CHECKPOINT, DONE, FAILED, HISTORY, MODEL, TRIALS, pruned_file, trial_file


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
    """Measures a piece of work in this process, across interruptions if the time spent before is given."""

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
    """How a trial ended: `status` is finished, diverged or pruned."""

    status: str
    reason: str
    steps: int
    parameters: int


class TrialFiles:
    """The files of all trials in a results folder."""

    def __init__(self, documents: Documents) -> None:
        self.documents = documents
        self.folder = documents.folder

    def files(self) -> set[str]:
        """Lists the files of all trials, of this study or of others, named as by `trial_file`."""
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
        """The weights of a finished trial as the file's content."""
        return self.folder.read(trial_file(trial_id, MODEL))

    def history(self, trial_id: str) -> pa.Table:
        """The history of a trial that has ended."""
        return self.documents.read_table(trial_file(trial_id, HISTORY))

    def finish(self, trial_id: str, record: TrialRecord, model: Writer | None, history: pa.Table, work: Work) -> None:
        """Writes the results of a trial, the done-marker last; a diverged trial leaves no model."""
        if model is not None:
            self.folder.write(trial_file(trial_id, MODEL), model)
        self.documents.write_table(trial_file(trial_id, HISTORY), history)
        self.documents.write_json(trial_file(trial_id, DONE), {"record": asdict(record), "work": asdict(work)})
        self._forget(trial_id)

    def prune(
        self, trial_id: str, limits_key: str, record: TrialRecord, course: Mapping[int, float], work: Work
    ) -> None:
        """Writes the results of a trial that a search ended early; under other limits it counts as not ended."""
        content = {"record": asdict(record), "course": sorted(course.items()), "work": asdict(work)}
        self.documents.write_json(pruned_file(trial_id, limits_key), content)
        self._forget(trial_id)

    def _forget(self, trial_id: str) -> None:
        """Removes the files that are of no use once the trial has ended."""
        self.folder.delete(trial_file(trial_id, CHECKPOINT))
        self.folder.delete(trial_file(trial_id, FAILED))

    def pruned(self, trial_id: str, limits_key: str) -> tuple[TrialRecord, dict[int, float]] | None:
        """How these limits ended the trial, and its losses by progress until then; None if they did not."""
        content = cast("dict[str, Any] | None", self.documents.read_json(pruned_file(trial_id, limits_key)))
        return (TrialRecord(**content["record"]), dict(content["course"])) if content else None

    def fail(self, trial_id: str, reason: str) -> None:
        """Records why a trial failed. A later run tries it again."""
        self.documents.write_reason(trial_file(trial_id, FAILED), reason)

    def record(self, trial_id: str) -> TrialRecord | None:
        """How the trial ended, or None if it has not."""
        content = self.documents.read_json(trial_file(trial_id, DONE))
        return _record_in(content) if content else None

    def failure(self, trial_id: str) -> str | None:
        """Why the trial last failed, or None."""
        return self.documents.read_reason(trial_file(trial_id, FAILED))

    def records(self, trial_ids: Iterable[str]) -> dict[str, TrialRecord]:
        """The records of those of the trials that have ended."""
        return {trial_id: _record_in(note) for trial_id, note in self._notes(trial_ids, DONE).items()}

    def ended(self, trial_ids: Iterable[str]) -> dict[str, tuple[TrialRecord, Work]]:
        """The trials that have ended, how they ended and what work they took."""
        notes = self._notes(trial_ids, DONE)
        return {trial_id: (_record_in(note), Work(**cast("Any", note["work"]))) for trial_id, note in notes.items()}

    def histories(self, trial_ids: Iterable[str]) -> Iterator[pa.Table]:
        """The histories of trials that have ended."""
        files = self.folder.read_all(trial_file(trial_id, HISTORY) for trial_id in trial_ids)
        return (self.documents.understood(name, content, table_in) for name, content in files)

    def failures(self, trial_ids: Iterable[str]) -> dict[str, str]:
        """The reasons of those of the trials that failed."""
        return {trial_id: str(content["reason"]) for trial_id, content in self._notes(trial_ids, FAILED).items()}

    def _notes(self, trial_ids: Iterable[str], name: str) -> dict[str, Note]:
        """Reads a file of all trials that have it."""
        there = self.files()
        files = {trial_file(trial_id, name): trial_id for trial_id in trial_ids}
        return {
            files[file]: note for file, note in self.documents.read_all_json(file for file in files if file in there)
        }


def _record_in(done: Note) -> TrialRecord:
    return TrialRecord(**cast("Any", done["record"]))
