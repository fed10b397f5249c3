import errno
import re
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import pytest

from raysweep.errors import UserError
from raysweep.results.names import shard_file
from raysweep.results.patience import StorageError
from raysweep.results.store import StudyStore
from raysweep.study.measures import Shard
from raysweep.study.table import HISTORY
from support.stored import STUDY, WORK, finish, history


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
