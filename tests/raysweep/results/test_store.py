"""The results folder: whole files only."""

import errno
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import pandas as pd
import pyarrow as pa
import pytest

from raysweep.errors import UserError
from raysweep.results.names import shard_file
from raysweep.results.patience import StorageError
from raysweep.results.store import StudyStore
from raysweep.results.trials import Stopwatch, TrialRecord
from raysweep.study import FrechetDistance
from raysweep.study.measures import Shard
from raysweep.study.table import HISTORY
from support.stored import FACTS, STUDY, WORK, finish, history


def test_an_interrupted_write_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    store = StudyStore(tmp_path)
    store.trials.save_checkpoint("t", lambda file: file.write(b"old"))

    def dies(file: BinaryIO) -> None:
        file.write(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(StorageError, match=r"t/checkpoint.pt cannot be written .*No space left .*make room"):
        store.trials.save_checkpoint("t", dies)
    assert store.folder.read("trials/t/checkpoint.pt") == b"old"
    assert store.folder.tree("trials/t") == {"trials/t/checkpoint.pt"}


def test_the_study_loads_back_equal(tmp_path: Path) -> None:
    store = StudyStore(tmp_path)
    store.save_study(STUDY, FACTS, {"python": "3"})
    assert store.load_study() == STUDY
    assert store.load_facts() == FACTS
    assert store.load_environment() == {"python": "3"}


def test_a_folder_without_a_study_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=str(tmp_path)):
        StudyStore(tmp_path).load_study()


def test_a_folder_of_results_of_several_studies_is_answered_with_one_of_them(tmp_path: Path) -> None:
    StudyStore(tmp_path / "small").save_study(STUDY, FACTS, {})
    with pytest.raises(UserError, match=r"no study.json in it; name .* such as .*/small$"):
        StudyStore(tmp_path).load_study()


def test_a_file_that_is_no_folder_has_no_study(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match=r"file: no study.json in it"):
        StudyStore(tmp_path / "file").load_study()


@pytest.mark.parametrize("length", [0, 30, -10])
def test_a_damaged_file_is_named_with_a_remedy(tmp_path: Path, length: int) -> None:
    store, trial, shard = StudyStore(tmp_path), STUDY.trials[0], Shard("samples", 0, 3)
    finish(store, trial)
    store.save_table(HISTORY, history(trial))
    store.shards.save("m-1", trial.id, shard, history(trial), WORK)
    store.trials.fail(trial.id, "why it failed, in many words")
    reads: dict[str, Callable[[], object]] = {
        f"trials/{trial.id}/done.json": lambda: store.trials.records([trial.id]),
        f"trials/{trial.id}/history.parquet": lambda: list(store.trials.histories([trial.id])),
        f"trials/{trial.id}/failed.json": lambda: store.trials.failure(trial.id),
        shard_file("m-1", trial.id, shard): lambda: store.shards.rows(HISTORY, "m-1", trial.id, [shard]),
        "history.parquet": lambda: store.table("history"),
    }
    for name, read in reads.items():
        read()
        path = tmp_path / name
        path.write_bytes(path.read_bytes()[:length])
        remedy = "its folder, .* trains" if name.startswith("trials/") else "it, .* writes"
        with pytest.raises(UserError, match=rf"file {re.escape(str(path))}: damaged \(.*\); remove {remedy} .* again"):
            read()


def test_a_study_of_another_version_is_named_with_its_folder(tmp_path: Path) -> None:
    store = StudyStore(tmp_path)
    store.save_study(STUDY, FACTS, {})
    for broken in ("", json.dumps({**json.loads(STUDY.model_dump_json()), "checkpoint_secs": 3})):
        (tmp_path / "study.json").write_text(broken)
        with pytest.raises(UserError, match=r"study\.json is not a study of this version"):
            store.load_study()


def test_finishing_a_trial_removes_its_checkpoint_and_its_failure(tmp_path: Path) -> None:
    store, trial = StudyStore(tmp_path), STUDY.trials[0]
    store.trials.save_checkpoint(trial.id, lambda file: file.write(b"c"))
    store.trials.fail(trial.id, "killed")
    assert (store.trials.record(trial.id), store.trials.failure(trial.id)) == (None, "killed")
    finish(store, trial)
    assert store.trials.record(trial.id) == TrialRecord("finished", "", 10, 5)
    assert store.trials.failure(trial.id) is None
    assert store.trials.open_checkpoint(trial.id) is None
    assert store.trials.read_model(trial.id) == b"w"


def test_a_table_that_was_not_measured_is_empty_with_its_columns(tmp_path: Path) -> None:
    table = StudyStore(tmp_path).table("frechet")
    assert isinstance(table, pd.DataFrame)
    assert table.empty
    assert list(table.columns) == [column.name for column in FrechetDistance.table.columns]


def test_an_unknown_table_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"'frechett': unknown; the tables are .*frechet"):
        StudyStore(tmp_path).table("frechett")


def test_a_stopwatch_adds_up_what_it_was_given(tmp_path: Path) -> None:
    watch = Stopwatch(started=5.0, wall=10.0, cpu=3.0)
    with watch.running():
        sum(range(100_000))
    work = watch.work()
    assert work.started == 5.0
    assert 10.0 < work.wall < 20.0
    assert work.cpu > 3.0


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
