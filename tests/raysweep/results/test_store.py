"""The results folder: whole files only."""

import json
from pathlib import Path

import pandas as pd
import pytest

from raysweep.errors import UserError
from raysweep.results.store import StudyStore
from raysweep.study import FrechetDistance
from support.stored import FACTS, STUDY


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


def test_a_study_of_another_version_is_named_with_its_folder(tmp_path: Path) -> None:
    store = StudyStore(tmp_path)
    store.save_study(STUDY, FACTS, {})
    for broken in ("", json.dumps({**json.loads(STUDY.model_dump_json()), "checkpoint_secs": 3})):
        (tmp_path / "study.json").write_text(broken)
        with pytest.raises(UserError, match=r"study\.json is not a study of this version"):
            store.load_study()


def test_a_table_that_was_not_measured_is_empty_with_its_columns(tmp_path: Path) -> None:
    table = StudyStore(tmp_path).table("frechet")
    assert isinstance(table, pd.DataFrame)
    assert table.empty
    assert list(table.columns) == [column.name for column in FrechetDistance.table.columns]


def test_an_unknown_table_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"'frechett': unknown; the tables are .*frechet"):
        StudyStore(tmp_path).table("frechett")


def test_a_study_named_like_a_tuning_has_no_search(tmp_path: Path) -> None:
    store, other = StudyStore(tmp_path), STUDY.model_copy(update={"seeds": (7,)})
    left = ["tuning.json", "recommended.json", "configurations.parquet", "evaluations.parquet"]
    store.save_study(STUDY, FACTS, {})
    for name in left:
        (tmp_path / name).write_text("left by a tuning")
    store.forget_search(STUDY)
    assert all((tmp_path / name).exists() for name in left)
    (tmp_path / "optuna.db").write_text("the search itself")
    store.forget_search(other)
    assert not any((tmp_path / name).exists() for name in left)
    assert (tmp_path / "optuna.db").exists()
