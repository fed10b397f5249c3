from pathlib import Path

import pytest
from filelock import FileLock

from raysweep.cli.options import REFUSED
from raysweep.cli.session import check_same_files
from raysweep.errors import UserError
from raysweep.results.store import StudyStore
from raysweep.run import main
from raysweep.study import Digits, Mnist
from raysweep.study.data import IDX_FILES
from support.small_study import STUDY
from support.tiny_tuning import TINY, study_file


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


def test_two_runs_do_not_search_in_one_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "results" / TINY.name
    folder.mkdir(parents=True)
    with FileLock(folder / ".tuning.lock"):
        assert main([study_file(tmp_path), "--serial", "--results", str(folder.parent)]) == REFUSED
    assert "another run is searching in it; wait until it has ended" in capsys.readouterr().err


def test_data_that_are_broken_are_named_before_anything_starts(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for name in "abc":
        (folder / f"{name}.png").write_text("not a picture")
    study = "from raysweep.study import *\n" + (
        "STUDY = Study(name='broken', title='t', question='q', arms=(Arm(model=Autoencoder(steps=1)),),"
        f" data=ImageFolder(path={str(folder)!r}, size=8))"
    )
    (tmp_path / "broken.py").write_text(study)
    assert main([str(tmp_path / "broken.py"), "--serial"]) == REFUSED
    assert ".png" in capsys.readouterr().err
    assert not list((tmp_path / "results").rglob("trials"))


def test_foreign_images_that_are_broken_are_named_before_anything_starts(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for name in "abc":
        (folder / f"{name}.png").write_text("not a picture")
    study = "from raysweep.study import *\n" + (
        "STUDY = Study(name='broken', title='t', question='q', data=Digits(), arms=(Arm(model=Autoencoder(steps=1)),),"
        f" measures=(Reconstruction(images=1, foreign=ImageFolder(path={str(folder)!r}, size=8)),))"
    )
    (tmp_path / "broken.py").write_text(study)
    assert main([str(tmp_path / "broken.py"), "--serial"]) == REFUSED
    assert ".png" in capsys.readouterr().err
    assert not list((tmp_path / "results").rglob("trials"))


def test_inception_weights_that_are_wrong_are_named_before_anything_is_trained(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    study = "from raysweep.study import *\n" + (
        "STUDY = Study(name='fid', title='t', question='q', data=Digits(limit=60), seeds=(0,),"
        " arms=(Arm(model=Autoencoder(steps=1, width=4, batch=8, latent_dim=2)),),"
        " measures=(FrechetDistance(features='inception', samples=30),))"
    )
    (tmp_path / "fid.py").write_text(study)
    (tmp_path / "wrong.pth").write_text("no weights")
    command = [str(tmp_path / "fid.py"), "--serial", "--results", str(tmp_path), "--fid-weights"]
    assert main([*command, str(tmp_path / "wrong.pth")]) == REFUSED
    assert "not the weights that pytorch-fid expects" in capsys.readouterr().err
    assert not list((tmp_path / "fid").rglob("trials"))
    assert main([*command, str(tmp_path / "wrong.pth"), "--only", "train"]) == 0
