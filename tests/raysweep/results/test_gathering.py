"""Tables that follow the study, and shards that are put into one file."""

import contextlib
import itertools
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from raysweep.results.files import LocalFolder
from raysweep.results.gathering import gather
from raysweep.results.names import merged_file, shard_file, table_file
from raysweep.results.shards import ShardFiles, done_shards
from raysweep.results.store import StudyStore
from raysweep.results.tables import all_tables
from raysweep.results.trials import Work
from raysweep.study import ClassRadius
from raysweep.study.measures import Shard
from support.stored import FACTS, STUDY, finish, save_samples


def test_tables_hold_every_trial_with_its_status(tmp_path: Path) -> None:
    store = StudyStore(tmp_path)
    first, second = STUDY.trials
    finish(store, first)
    store.trials.fail(second.id, "OutOfMemoryError: 8 GiB")
    gather(store, STUDY, FACTS)
    trials = store.table("trials").set_index("trial")
    assert list(trials.loc[[first.id, second.id], "status"]) == ["finished", "failed"]
    assert trials.loc[second.id, "reason"] == "OutOfMemoryError: 8 GiB"
    assert list(trials.loc[[first.id, second.id], "latent_dim"]) == [2, 8]
    assert json.loads(str(trials.loc[first.id, "settings"]))["width"] == 4
    assert list(store.table("history")["trial"]) == [first.id]
    assert list(store.table("failures")["reason"]) == ["OutOfMemoryError: 8 GiB"]


def test_rows_come_out_sorted_and_only_those_of_the_study(tmp_path: Path) -> None:
    store = StudyStore(tmp_path)
    shards = [(trial, shard) for m, trial, shard in STUDY.measurements(FACTS) if m.name == "samples"]
    assert len(shards) == 2
    for trial, shard in reversed(shards):
        save_samples(store, trial, shard)
    save_samples(store, STUDY.trials[0].model_copy(update={"seed": 99}), Shard("samples", 0, 3))
    gather(store, STUDY, FACTS)
    table = store.table("samples")
    assert list(table["pixels"]) == [b"a", b"b", b"c"] * 2
    assert list(table["trial"]) == sorted(table["trial"])
    assert set(table["trial"]) == {trial.id for trial in STUDY.trials}


def test_a_failed_shard_is_a_row_until_it_succeeds(tmp_path: Path) -> None:
    store, trial, shard = StudyStore(tmp_path), STUDY.trials[0], Shard("samples", 0, 3)
    key = STUDY.measure_key(STUDY.measures[1])
    store.shards.fail(key, trial.id, shard, "boom")
    gather(store, STUDY, FACTS)
    assert list(store.table("failures")[["work", "shard", "reason"]].iloc[0]) == ["samples", shard.key, "boom"]
    assert done_shards(store.shards.files(key, trial.id), key, trial.id, [shard]) == set()
    save_samples(store, trial, shard)
    gather(store, STUDY, FACTS)
    assert store.table("failures").empty
    assert done_shards(store.shards.files(key, trial.id), key, trial.id, [shard]) == {shard}


CUT = STUDY.model_copy(update={"measures": (ClassRadius(samples=6, shard=2),)})
"""A study whose one measure has three shards of each trial."""
MEASURE, CUT_TRIALS = CUT.measures[0], CUT.trials[-2:]
CUT_KEY = CUT.measure_key(MEASURE)


def save_radii(store: StudyStore, skipped: int = 0) -> None:
    """All shards of `CUT`, but so many of the last trial."""
    shards = [(trial, shard) for _, trial, shard in CUT.measurements(FACTS)]
    for number, (trial, shard) in enumerate(shards[: len(shards) - skipped]):
        row = dict.fromkeys((column.name for column in ClassRadius.table.columns), 0) | {"status": "found"}
        row |= {"measure": MEASURE.name, "trial": trial.id, "sample": shard.start, "lower_by": "exact"}
        rows = ClassRadius.table.rows({name: [value] for name, value in row.items()})
        store.shards.save(CUT_KEY, trial.id, shard, rows, Work("node", number, float(number), 2.0, 1.0))


def test_the_shards_of_a_trial_become_one_file_when_all_are_there(tmp_path: Path) -> None:
    store = StudyStore(tmp_path)
    save_radii(store, skipped=1)
    gather(store, CUT, FACTS)
    (first, shards), (second, others) = ((trial.id, CUT.shards_of(MEASURE, trial, FACTS)) for trial in CUT_TRIALS)
    there = {merged_file(CUT_KEY, first, shards), *(shard_file(CUT_KEY, second, shard) for shard in others[:2])}
    assert store.shards.files(CUT_KEY) == there
    rows, schedule = store.table("class_radius"), store.table("schedule")
    assert list(rows["sample"]) == [0, 2, 4, 0, 2]
    assert sorted(schedule["process"]) == [0, 1, 2, 3, 4]
    gather(store, CUT, FACTS)
    pd.testing.assert_frame_equal(store.table("class_radius"), rows)
    pd.testing.assert_frame_equal(store.table("schedule"), schedule)
    assert done_shards(there, CUT_KEY, first, shards) == set(shards)
    assert done_shards(there, CUT_KEY, second, others) == set(others[:2])
    assert store.shards.rows(ClassRadius.table, CUT_KEY, first, shards).column("sample").to_pylist() == [0, 2, 4]
    with pytest.raises(FileNotFoundError, match="not all are done"):
        store.shards.rows(ClassRadius.table, CUT_KEY, second, others)


@pytest.mark.slow
def test_gathering_tables_may_be_killed_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    undisturbed, killed = StudyStore(tmp_path / "undisturbed"), StudyStore(tmp_path / "killed")
    save_radii(undisturbed)
    gather(undisturbed, CUT, FACTS)
    steps_left = 0

    def then_die(act: Callable[..., None]) -> Callable[..., None]:
        def dying(*arguments: object) -> None:
            nonlocal steps_left
            act(*arguments)
            steps_left -= 1
            if steps_left == 0:
                raise KeyboardInterrupt

        return dying

    for steps in itertools.count(1):
        shutil.rmtree(tmp_path / "killed", ignore_errors=True)
        save_radii(killed)
        steps_left = steps
        with monkeypatch.context() as patch:
            patch.setattr(LocalFolder, "write", then_die(LocalFolder.write))
            patch.setattr(LocalFolder, "delete", then_die(LocalFolder.delete))
            with contextlib.suppress(KeyboardInterrupt):
                gather(killed, CUT, FACTS)
        if steps_left > 0:
            break
        gather(killed, CUT, FACTS)
        assert killed.folder.tree("") == undisturbed.folder.tree("")
        for name in ("class_radius", "schedule"):
            pd.testing.assert_frame_equal(killed.table(name), undisturbed.table(name))
    assert steps > len(all_tables()) + 2 * (1 + 3)  # each table; of two trials, one file written and three removed


def test_shards_that_another_run_puts_into_one_file_meanwhile_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, trial = StudyStore(tmp_path), CUT_TRIALS[0]
    save_radii(store)
    stale = store.shards.files(CUT_KEY)
    gather(store, CUT, FACTS)
    rows = store.table("class_radius")
    real, looks = ShardFiles.files, []

    def shard_files(self: ShardFiles, *names: str) -> set[str]:
        looks.append(names)
        return stale if len(looks) == 1 else real(self, *names)

    monkeypatch.setattr(ShardFiles, "files", shard_files)
    found = store.shards.rows(ClassRadius.table, CUT_KEY, trial.id, CUT.shards_of(MEASURE, trial, FACTS))
    assert found.num_rows == 3
    looks.clear()
    gather(store, CUT, FACTS)
    pd.testing.assert_frame_equal(store.table("class_radius"), rows)


def test_gathering_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    store = StudyStore(tmp_path)
    finish(store, STUDY.trials[0])
    gather(store, STUDY, FACTS)
    once = {name: store.folder.read(table_file(name)) for name in all_tables()}
    gather(store, STUDY, FACTS)
    assert once == {name: store.folder.read(table_file(name)) for name in all_tables()}
