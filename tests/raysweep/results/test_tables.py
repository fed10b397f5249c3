import pytest

from raysweep.results.tables import all_tables
from raysweep.study.table import Table


@pytest.mark.parametrize("table", all_tables().values(), ids=all_tables())
def test_every_column_says_what_it_means(table: Table) -> None:
    assert table.row
    assert len({column.name for column in table.columns}) == len(table.columns)
    assert all(column.meaning for column in table.columns)
    assert 0 < table.keys <= len(table.columns)
