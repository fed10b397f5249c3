from pathlib import Path

import pyarrow as pa

from raysweep.results.store import StudyStore
from raysweep.study import FrechetDistance
from raysweep.study.measures import Shard
from support.stored import FACTS, STUDY, WORK, finish


def test_a_column_that_an_earlier_version_did_not_have_is_empty_in_what_it_wrote(tmp_path: Path) -> None:
    store = StudyStore(tmp_path / "small")
    trial, shard = STUDY.trials[0], Shard("samples", 0, 10)
    store.save_study(STUDY, FACTS, {})
    finish(store, trial)
    older = pa.table({"measure": ["frechet"], "trial": [trial.id], "part": ["samples"], "distance": [2.5]})
    store.shards.save(STUDY.measure_key(STUDY.measures[0]), trial.id, shard, older, WORK)
    found = store.shards.rows(
        FrechetDistance.table, STUDY.measure_key(STUDY.measures[0]), trial.id, [shard]
    ).to_pandas()
    assert list(found.columns) == [column.name for column in FrechetDistance.table.columns]
    assert found["distance"].tolist() == [2.5]
    assert found["floor"].isna().all()
