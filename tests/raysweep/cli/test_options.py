import os
import subprocess
import sys
from pathlib import Path

import pytest

from raysweep.cli.options import (
    INCOMPLETE,
    INTERRUPTED,
    REFUSED,
    Parser,
    add_places,
    answer,
    data_folder,
    weights_file,
)
from raysweep.errors import UserError
from raysweep.results.patience import StorageError
from raysweep.run import main
from support import small_study

STUDY_FILE = str(Path(small_study.__file__))


def test_an_interruption_says_how_to_go_on(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("raysweep.run.make_plan", interrupted)
    assert main([]) == INTERRUPTED == 130
    assert capsys.readouterr().err == "raysweep: interrupted; the same command continues where this one stopped\n"


@pytest.mark.slow
def test_the_tensorboard_line_works_as_printed(tmp_path: Path) -> None:
    """In a shell that knows nothing of the environment which raysweep is installed in, too."""
    command = [sys.executable, "-m", "raysweep.run", STUDY_FILE, "--serial", "--only", "train"]
    few = ["--set", "arms.*.steps=2", "--set", "classifier.epochs=1", "--set", "seeds=0"]
    bare = {**os.environ, "PATH": "/usr/bin:/bin"}
    out = subprocess.run([*command, *few], capture_output=True, text=True, check=True, env=bare).stdout
    (line,) = {line.removeprefix("TensorBoard: ") for line in out.splitlines() if line.startswith("TensorBoard: ")}
    told = subprocess.run(f"{line} --inspect", shell=True, capture_output=True, text=True, check=True, env=bare)  # noqa: S602 - as a person types it
    assert "mse/train" in told.stdout


def test_the_data_folder_is_the_one_that_is_named_or_that_of_the_environment_or_the_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert data_folder(None) == tmp_path / "data"
    monkeypatch.setenv("RAYSWEEP_DATA", str(tmp_path))
    assert data_folder(None) == tmp_path
    (tmp_path / "mine").mkdir()
    assert data_folder(Path("mine")) == tmp_path / "mine"
    with pytest.raises(UserError, match=r"data folder far \(--data\): not a folder"):
        data_folder(Path("far"))


def test_a_path_may_begin_at_the_users_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Shells do not expand `~` after a `=`."""
    monkeypatch.setenv("HOME", str(tmp_path))
    parser = Parser("raysweep")
    add_places(parser)
    options = parser.parse_args(["--results=~/mine", "--data=~/data", "--fid-weights=~/weights.pth"])
    assert options.results == str(tmp_path / "mine")
    assert (options.data, options.fid_weights) == (tmp_path / "data", tmp_path / "weights.pth")
    assert parser.parse_args(["--results=s3://bucket/~/mine"]).results == "s3://bucket/~/mine"


def test_weights_that_cannot_be_read_are_named() -> None:
    assert weights_file(None) is None
    with pytest.raises(UserError, match=r"--fid-weights far: cannot be read \(No such file"):
        weights_file(Path("far"))


@pytest.mark.parametrize(
    ("error", "code"),
    [(UserError("no"), REFUSED), (StorageError("full"), INCOMPLETE), (KeyboardInterrupt(), INTERRUPTED)],
)
def test_what_ends_a_command_is_said_in_one_line(
    error: BaseException, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    def command() -> int:
        raise error

    assert answer(command) == code
    said = capsys.readouterr()
    assert said.err.startswith("raysweep: ")
    assert said.err.count("\n") == 1
    assert said.out == ""


def test_an_error_of_ours_keeps_its_traceback() -> None:
    with pytest.raises(FileNotFoundError):
        answer(lambda: Path("far").stat().st_size)
