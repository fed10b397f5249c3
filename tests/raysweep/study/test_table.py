import pytest
from pyarrow import Table as ArrowTable

from raysweep.study import FrechetDistance

ROW: dict[str, list[object]] = {
    "measure": ["frechet"],
    "trial": ["t"],
    "part": ["samples"],
    "features": ["lenet"],
    "reference": ["train"],
    "samples": [10],
    "reference_images": [20],
    "distance": [1.5],
    "floor": [0.5],
    "floor_images": [10],
}


def test_rows_take_the_documented_types() -> None:
    table = FrechetDistance.table.rows(ROW)
    assert isinstance(table, ArrowTable)
    assert table.schema == FrechetDistance.table.schema


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"distance": ["far"]}, "frechet"),
        ({"samples": [1.5]}, "frechet"),
        ({"trial": [None]}, "column trial has 1 empty"),
        ({"extra": [1]}, "columns extra"),
        ({"distance": []}, "frechet"),
    ],
)
def test_other_rows_are_refused(change: dict[str, list[object]], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        FrechetDistance.table.rows({**ROW, **change})
