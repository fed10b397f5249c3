"""The description of a table: each column's type, unit and meaning. No torch, no Ray.

Writers build tables with `Table.rows`, which refuses undocumented, missing or ill-typed columns, so every table on disk
has its documented form.
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
            ValueError: a column is undocumented, missing, of another type, or empty where it must not be.
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
        """An Arrow table from rows, each with all columns; there may be none.

        Raises:
            ValueError: as of `rows`.
        """
        return self.rows({column.name: [record[column.name] for record in records] for column in self.columns})

    def together(self, parts: Sequence[pa.Table]) -> pa.Table:
        """The rows of all parts; a column that an earlier version did not write is empty in its rows."""
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


TRIAL = Column("trial", TEXT, "id of the trial")


HISTORY = Table(
    "history",
    "a value logged during training",
    (
        TRIAL,
        Column("step", INTEGER, "training step after which it was logged", "steps"),
        Column("split", TEXT, "train (mean over the steps since the last row) or validation"),
        Column("metric", TEXT, "name of the loss or metric"),
        Column("value", REAL, "its value"),
    ),
    keys=4,
)
