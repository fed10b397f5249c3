"""Tables, JSON and text in the files of a results folder. Errors name a file that is damaged."""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar, cast

import pyarrow as pa
import pyarrow.parquet as pq

from raysweep.errors import UserError
from raysweep.results.files import Folder
from raysweep.results.names import TRIALS

Content = TypeVar("Content")
Note = dict[str, object]


@dataclass(frozen=True)
class Documents:
    """Reads and writes the files of a folder."""

    folder: Folder

    def write_table(self, name: str, rows: pa.Table) -> None:
        """Writes a table, whole."""
        self.folder.write(name, lambda file: pq.write_table(rows, file, compression="zstd"))

    def write_json(self, name: str, content: object) -> None:
        """Writes plain values, whole."""
        self.write_text(name, json.dumps(content, indent=2))

    def write_text(self, name: str, text: str) -> None:
        """Writes a text, whole."""
        self.folder.write(name, lambda file: file.write(text.encode()))

    def write_reason(self, name: str, reason: str) -> None:
        """Writes why something failed."""
        self.write_json(name, {"reason": reason})

    def read_table(self, name: str) -> pa.Table:
        """Reads a table.

        Raises:
            FileNotFoundError: it is not there.
            UserError: it is damaged.
        """
        return self.understood(name, self.folder.read(name), table_in)

    def read_json(self, name: str) -> Note | None:
        """Reads a JSON file; None if it is not there.

        Raises:
            UserError: it is damaged.
        """
        try:
            content = self.folder.read(name)
        except FileNotFoundError:
            return None
        return cast("Note", self.understood(name, content, json.loads))

    def read_reason(self, name: str) -> str | None:
        """Why something failed; None if it has not."""
        content = self.read_json(name)
        return str(content["reason"]) if content else None

    def read_all_json(self, names: Iterable[str]) -> Iterator[tuple[str, Note]]:
        """Reads those of the files that exist, each with its name."""
        found = self.folder.read_all(names)
        return ((name, self.understood(name, content, json.loads)) for name, content in found)

    def understood(self, name: str, content: bytes, read: Callable[[bytes], Content]) -> Content:
        """Parses the content of a file by `read`.

        Raises:
            UserError: it is damaged. No run leaves such a file, but a full or failing disk or an interrupted copy may.
        """
        try:
            return read(content)
        except (ValueError, KeyError, TypeError, OSError) as error:
            of_trial = name.startswith(f"{TRIALS}/")
            remedy = "its folder, and a run trains the model" if of_trial else "it, and a run writes it"
            raise UserError(f"file {self.folder.locate(name)}: damaged ({error}); remove {remedy} again") from error


def table_in(content: bytes) -> pa.Table:
    """Parses a Parquet file."""
    # Threads cost more than they save: most files have a few rows, and there may be a hundred thousand files.
    return pq.ParquetFile(pa.BufferReader(content)).read(use_threads=False)
