"""Runs that tests look into: who is told of the progress, and the tables that must be equal."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from raysweep.execution.agenda import Kind, Piece
from raysweep.execution.tasks import Workplace
from raysweep.results.tables import all_tables

TABLES = [name for name in all_tables() if name != "schedule"]


class Recorder:
    """A progress that remembers what it was told."""

    def __init__(self) -> None:
        self.kinds: set[str] = set()
        self.shares: dict[str, float] = {}
        self.expected: set[str] = set()

    def start(self, pieces: Mapping[str, Piece], already: Mapping[Kind, int], more: float = 0.0) -> None:
        self.grow(pieces, more)

    def grow(self, pieces: Mapping[str, Piece], more: float) -> None:
        self.kinds |= {piece.kind for piece in pieces.values()}
        self.expected |= set(pieces)

    def note(self, text: str) -> None:
        pass

    def advance(self, name: str, share: float, node: str, seconds: float) -> None:
        self.shares[name] = share

    def finish(self) -> None:
        pass


def tables(folder: Path) -> dict[str, pd.DataFrame]:
    store = Workplace(folder, folder).store
    return {name: store.table(name) for name in TABLES}
