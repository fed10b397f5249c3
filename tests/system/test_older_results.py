"""A results folder that the version before has left unfinished is taken up, and ends as that version would have ended.

Version 0.1.0 of commit 81d2c83 wrote the folders in tests/support/older. Of the study it had trained one model and
measured it in part, and was killed while it trained another; the search was killed in its second configuration. The
same version wrote the tables next to them, when it was given the same command again. Class radii are measured again,
since the search for them now goes on where it stopped before it had converged.
"""

import shutil
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from raysweep.results.store import StudyStore
from raysweep.run import main

OLDER = Path(__file__).parents[1] / "support" / "older"
AGAIN = {"class_radius"}
"""Measures whose version has been raised since."""
pytestmark = pytest.mark.slow


@pytest.mark.parametrize(("kind", "name"), [("study", "old"), ("tuning", "old_tuning")])
def test_an_unfinished_folder_is_taken_up(kind: str, name: str, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(OLDER / kind, tmp_path / name))
    before = {path: path.stat().st_mtime_ns for path in folder.glob("trials/*/model.pt")}
    assert before
    assert main([str(OLDER / f"{kind}.py"), "--serial", "--results", str(tmp_path)]) == 0
    assert {path: path.stat().st_mtime_ns for path in before} == before  # nothing was trained again
    store = StudyStore(folder)
    for file in sorted((OLDER / f"{kind}_tables").glob("*.parquet")):
        expected, found = pq.read_table(file).to_pandas(), store.table(file.stem)
        # Pixels are rounded to bytes, so on another processor one may differ by one; all other values are compared.
        kept = [column for column in expected if not isinstance(expected[column].iloc[0], bytes)]
        if file.stem in AGAIN:
            assert (found["radius"] <= expected["radius"] * 1.001).all()
            same = (expected["converged"] == 1).to_numpy()
            assert same.any()
            assert found["converged"][same].all()
            expected, found = expected[same], found[same]
        pd.testing.assert_frame_equal(found[kept], expected[kept], rtol=1e-3)


def test_an_older_study_is_the_same_study(tmp_path: Path) -> None:
    older = StudyStore(OLDER / "study").load_study()
    assert {trial.id for trial in older.trials} >= {path.name for path in (OLDER / "study" / "trials").iterdir()}
    keys = {older.measure_key(measure) for measure in older.measures}
    changed = keys - {path.name for path in (OLDER / "study" / "shards").iterdir()}
    assert {key.rsplit("-", 1)[0] for key in changed} == AGAIN
