from pathlib import Path

import pytest

from raysweep.cli.session import check_same_files
from raysweep.errors import UserError
from raysweep.results.store import StudyStore
from raysweep.study import Digits, Mnist
from raysweep.study.data import IDX_FILES
from support.small_study import STUDY


def test_other_files_of_a_named_data_set_are_refused(tmp_path: Path) -> None:
    store, roots = StudyStore(tmp_path / "results"), [tmp_path / name for name in ("one", "two")]
    for root in roots:
        (root / "MNIST" / "raw").mkdir(parents=True)
        for name in IDX_FILES:
            (root / "MNIST" / "raw" / name).write_text(root.name)
    check_same_files([Mnist(), Digits()], roots[0], store)
    content = {"mnist": Mnist().content_of(roots[0])}
    store.save_study(STUDY, STUDY.data.facts(tmp_path), {"data": content})
    assert store.load_contents() == content
    check_same_files([Mnist(), Digits()], roots[0], store)
    check_same_files([Mnist()], tmp_path / "cached", store)  # where no files are, there is nothing to compare
    with pytest.raises(UserError, match=r"computed from other files of mnist than those in .*two .*--data DIR"):
        check_same_files([Mnist()], roots[1], store)
