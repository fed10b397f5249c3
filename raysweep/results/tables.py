"""What a table is, and those that every results folder has: each column's type, unit and meaning. No torch, no Ray.

Writers build tables with `Table.rows`, which refuses unknown, missing or ill-typed columns, so a table never reaches
the disk in another form than the one documented here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral

import pyarrow as pa

TEXT, INTEGER, REAL, BYTES = pa.string(), pa.int64(), pa.float64(), pa.binary()
REALS = pa.list_(pa.float64())


@dataclass(frozen=True)
class Column:
    """One column. A nullable one may be empty; its meaning says when."""

    name: str
    type: pa.DataType
    meaning: str
    unit: str = ""
    nullable: bool = False


@dataclass(frozen=True)
class Table:
    """A table: what a row is, and its columns.

    The first `keys` columns together name a row, and rows are sorted by them.
    """

    name: str
    row: str
    columns: tuple[Column, ...]
    keys: int

    @property
    def schema(self) -> pa.Schema:
        """The Arrow schema."""
        return pa.schema([pa.field(c.name, c.type, nullable=c.nullable) for c in self.columns])

    @property
    def key_names(self) -> list[str]:
        """Names of the key columns."""
        return [column.name for column in self.columns[: self.keys]]

    @property
    def plain_names(self) -> list[str]:
        """Names of the columns that fit into text: neither bytes nor lists."""
        return [column.name for column in self.columns if column.type not in (BYTES, REALS)]

    def rows(self, columns: Mapping[str, Sequence[object]]) -> pa.Table:
        """An Arrow table of these columns (all of equal length).

        Raises:
            ValueError: a column is unknown, missing, of another type, or empty where it must not be.
        """
        expected = {column.name for column in self.columns}
        if expected != set(columns):
            wrong = sorted(expected.symmetric_difference(columns))
            raise ValueError(f"table {self.name}: columns {', '.join(wrong)} are missing or unknown")
        if len({len(values) for values in columns.values()}) > 1:
            raise ValueError(f"table {self.name}: columns differ in length")
        arrays = [self._array(column, columns[column.name]) for column in self.columns]
        return pa.Table.from_arrays(arrays, schema=self.schema)

    def records(self, records: Sequence[Mapping[str, object]]) -> pa.Table:
        """The same from rows, each with all columns; there may be none.

        Raises:
            ValueError: as of `rows`.
        """
        return self.rows({column.name: [record[column.name] for record in records] for column in self.columns})

    def together(self, parts: Sequence[pa.Table]) -> pa.Table:
        """The rows of all parts; a column that an earlier version did not have yet is empty in what it wrote."""
        return pa.concat_tables([self.schema.empty_table(), *parts], promote_options="default")

    def sorted(self, rows: pa.Table) -> pa.Table:
        """The rows by their keys."""
        return rows.sort_by([(name, "ascending") for name in self.key_names])

    def _array(self, column: Column, values: Sequence[object]) -> pa.Array:
        # Arrow would cut 1.5 to 1 without a word.
        if column.type == INTEGER and not all(value is None or isinstance(value, Integral) for value in values):
            raise ValueError(f"table {self.name}: column {column.name} has values that are not whole numbers")
        try:
            array = pa.array(list(values), column.type)
        except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
            raise ValueError(f"table {self.name}: column {column.name}: {error}") from error
        if array.null_count and not column.nullable:
            raise ValueError(f"table {self.name}: column {column.name} has {array.null_count} empty values")
        return array


_TRIAL = Column("trial", TEXT, "id of the trial")

TRIALS = Table(
    "trials",
    "a trial of the study",
    (
        _TRIAL,
        Column("arm", TEXT, "name of the arm"),
        Column("family", TEXT, "model family"),
        Column("seed", INTEGER, "seed of initialisation, data order and noise"),
        Column("latent_dim", INTEGER, "dim(z); empty for a classifier", nullable=True),
        Column("lam", REAL, "λ of the LC-VAE; empty elsewhere", nullable=True),
        Column("c", REAL, "clamp of the LC-VAE's encoder; empty elsewhere", nullable=True),
        Column("axes", TEXT, "the values of the arm's axes, as JSON"),
        Column("settings", TEXT, "all settings of the model, as JSON"),
        Column("status", TEXT, "finished, diverged, failed or missing"),
        Column("reason", TEXT, "why it diverged or failed; empty otherwise"),
        Column("steps", INTEGER, "training steps done", "steps"),
        Column("parameters", INTEGER, "trained values of all networks"),
    ),
    keys=1,
)

HISTORY = Table(
    "history",
    "a value logged during training",
    (
        _TRIAL,
        Column("step", INTEGER, "training step after which it was logged", "steps"),
        Column("split", TEXT, "train (mean over the steps since the last row) or validation"),
        Column("metric", TEXT, "name of the loss or metric"),
        Column("value", REAL, "its value"),
    ),
    keys=4,
)

FAILURES = Table(
    "failures",
    "a piece of work that failed after its retries",
    (
        Column("work", TEXT, "train, or the name of a measure"),
        _TRIAL,
        Column("shard", TEXT, "shard of the measure; empty for training"),
        Column("reason", TEXT, "the error's last line"),
    ),
    keys=3,
)

SCHEDULE = Table(
    "schedule",
    "a piece of work as it ran; the only table that differs from run to run",
    (
        Column("work", TEXT, "train, prepare, or the name of a measure"),
        _TRIAL,
        Column("shard", TEXT, "shard of the measure; empty for training"),
        Column("node", TEXT, "host name"),
        Column("process", INTEGER, "process id"),
        Column("started", REAL, "start, in seconds since 1970", "s"),
        Column("wall", REAL, "wall time", "s"),
        Column("cpu", REAL, "processor time of the process", "s"),
    ),
    keys=3,
)

_CONFIGURATION = Column("configuration", TEXT, "its name: a baseline's, c and its number, or a finalist's twin")

CONFIGURATIONS = Table(
    "configurations",
    "settings that a search tried, or that were checked on fresh seeds",
    (
        _CONFIGURATION,
        Column("state", TEXT, "complete, pruned, failed, running, or twin for those that the search did not try"),
        Column("reason", TEXT, "why it was pruned or failed in the search; empty otherwise"),
        Column("fresh", INTEGER, "1 if it was trained again on fresh seeds, else 0"),
        Column("values", TEXT, "the searched settings, as JSON"),
    ),
    keys=1,
)

EVALUATIONS = Table(
    "evaluations",
    "an objective of one configuration and seed",
    (
        _CONFIGURATION,
        Column("stage", TEXT, "search, which chooses; or fresh, which tells how good the chosen are"),
        Column("objective", TEXT, "name of the objective"),
        Column("seed", INTEGER, "seed of the trial"),
        Column("value", REAL, "its value"),
    ),
    keys=4,
)

OWN_TABLES = (TRIALS, HISTORY, FAILURES, SCHEDULE, CONFIGURATIONS, EVALUATIONS)
"""The tables that do not come from measures; `raysweep.tables` adds those that do."""
