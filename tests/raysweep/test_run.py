"""The command line: what it answers, to good and to bad input, and with which exit code."""

import shlex
from pathlib import Path

import pytest

from raysweep.cli.loading import known_studies
from raysweep.cli.options import DONE, INCOMPLETE, REFUSED
from raysweep.results.store import StudyStore
from raysweep.results.trials import TrialRecord, Work
from raysweep.run import main
from raysweep.study import FrechetDistance, Samples
from raysweep.study.table import HISTORY
from support import small_study

STUDY_FILE = str(Path(small_study.__file__))


@pytest.fixture(autouse=True)
def _somewhere_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Default folders are relative to the working directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("RAYSWEEP_DATA", raising=False)


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What is said to arguments that cannot be used: one line, without a traceback."""
    assert main(arguments) == REFUSED
    said = capsys.readouterr()
    assert said.err.startswith("raysweep: ")
    assert said.err.count("\n") == 1
    assert "Traceback" not in said.err + said.out
    return said.err


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(arguments) == DONE
    said = capsys.readouterr()
    assert said.err == ""
    return said.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["digts"], "study 'digts': unknown; did you mean 'digits'?"),
        (["missing.py"], "study file missing.py: not found"),
        (["--set", "arms.gan.steps=3"], "setting arms.gan.steps=3: no arm is called 'gan'"),
        (["--set", "arms.wgan_gp.steps=many"], "setting arms.wgan_gp.steps=many: must be a whole number"),
        (["--set", "seeds"], "setting seeds: has no value"),
        (["--set"], "argument --set: expected one argument"),
        (["--set", "estimated_device=abacus"], "estimated_device 'abacus': unknown; allowed: laptop-core"),
        (["--data", "nowhere"], "data folder nowhere (--data): not a folder"),
        (["--only", "train,bogus"], "argument --only: 'bogus' is not a step; the steps are train, measure, report"),
        (["--fid-weights", "nowhere.pth"], "--fid-weights nowhere.pth: cannot be read (No such file"),
        (["--fid-weights", "."], "--fid-weights .: cannot be read (Is a directory)"),
        (["--cluster", "mnist"], "mnist is a study, not an address; write raysweep mnist --cluster"),
        (["--cluster", "--serial"], "not allowed with argument"),
        (["--colour"], "unrecognized arguments: --colour (raysweep -h"),
        (["--onyl=train"], "unrecognized arguments: --onyl=train; did you mean --only? (raysweep -h"),
        (["--res", "elsewhere"], "unrecognized arguments: --res"),
        (["digits", "mnist"], "unrecognized arguments: mnist"),
    ],
)
@pytest.mark.parametrize("plan", [[], ["--plan"]])
def test_what_cannot_be_used_is_named_and_nothing_is_run(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, arguments: list[str], words: str, plan: list[str]
) -> None:
    assert words in refused(capsys, *plan, *arguments)
    assert list(tmp_path.iterdir()) == []


def test_there_must_be_results_to_draw_and_they_are_drawn_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert "no study.json in it" in refused(capsys, "--only", "report")
    assert "--set changes what is computed" in refused(capsys, "--only", "report", "--set", "seeds=3")


def test_results_of_another_version_are_refused(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    folder = tmp_path / "results" / "digits"
    folder.mkdir(parents=True)
    (folder / "study.json").write_text('{"name": "digits", "arm": []}')
    said = refused(capsys, "--only", "report")
    assert said.startswith(f"raysweep: results folder {folder}: study.json is not a study of this version")
    assert "no setting 'arm'; did you mean 'arms'?" in said


def test_an_error_in_a_study_file_is_told_with_its_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("from raysweep.study import WganGp\n\nWganGp(widht=3)\n")
    assert "study file broken.py, line 3: WganGp: no setting 'widht'" in refused(capsys, "broken.py")


def test_a_missing_folder_of_images_is_named(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        "from raysweep.study import Arm, ImageFolder, Study, WganGp\n"
        "STUDY = Study(name='mine', title='t', question='q', data=ImageFolder(path='faces', size=32),"
        " arms=(Arm(model=WganGp()),))\n"
    )
    assert f"image folder {tmp_path / 'data' / 'faces'}: not found" in refused(capsys, "mine.py", "--plan")


def test_images_that_a_family_cannot_take_are_named_with_the_arm(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--set", "data.kind=mnist", "--plan"]) == DONE
    (Path("data") / "faces").mkdir(parents=True)
    for name in ("one.png", "two.png", "notes.txt"):
        (Path("data") / "faces" / name).write_bytes(b"")
    Path("mine.py").write_text(
        "from raysweep.study import Arm, ImageFolder, Study, WganGp\n"
        "STUDY = Study(name='mine', title='t', question='q', data=ImageFolder(path='faces', size=33),"
        " arms=(Arm(model=WganGp()),))\n"
    )
    capsys.readouterr()
    said = refused(capsys, "mine.py", "--plan")
    assert (
        "study mine, arm wgan_gp: images of 33 pixels cannot be halved to 4, 5, 6 or 7; resize them to 32 or 40" in said
    )
    plan = " ".join(printed(capsys, "mine.py", "--plan", "--set", "data.size=32").split())
    assert "faces: 2 images, without classes; not used: 1 .txt" in plan


def test_the_data_folder_of_the_environment_must_exist(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAYSWEEP_DATA", "nowhere")
    assert "data folder nowhere (RAYSWEEP_DATA): not a folder" in refused(capsys, "--plan")


@pytest.mark.parametrize("option", ["--serial", "--plan"])
def test_a_file_in_the_place_of_the_results_is_named(
    option: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "taken").write_text("a file")
    assert main([STUDY_FILE, option, "--results", "taken"]) == REFUSED
    said = capsys.readouterr()
    assert f"results folder {tmp_path / 'taken' / 'small'}: {tmp_path / 'taken'} is a file" in said.err
    assert said.out == ""


def test_a_cluster_that_is_not_there_is_named_before_anything_else(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([STUDY_FILE, "--cluster", "nowhere:port"]) == REFUSED
    said = capsys.readouterr()
    assert said.err == "raysweep: --cluster nowhere:port: not an address; give auto, HOST:PORT or ray://HOST:PORT\n"
    assert said.out == ""


def test_the_list_names_every_study_with_its_question(capsys: pytest.CaptureFixture[str]) -> None:
    out = printed(capsys, "--list")
    assert all(f"{name} " in out for name in known_studies())
    assert out.count("?") == len(known_studies())


def test_the_plan_of_the_default_study_runs_nothing(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    out = printed(capsys, "--plan")
    assert out.startswith("Study digits: ")
    assert "wgan_gp-d32-s1-" in out
    assert list(tmp_path.iterdir()) == []


def test_settings_show_in_the_plan(capsys: pytest.CaptureFixture[str]) -> None:
    out = printed(capsys, "--plan", "--set", "seeds=5", "--set", "arms.wgan_gp.over.latent_dim=3")
    assert "wgan_gp-d3-s5-" in out
    assert "-s0-" not in out.replace("classifier-s0-", "")


@pytest.mark.slow
def test_a_study_is_run_and_drawn_and_not_run_again(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    study = small_study.STUDY.model_copy(
        update={
            "arms": small_study.STUDY.arms[1:3],
            "seeds": (0,),
            "measures": (FrechetDistance(samples=200), Samples()),
        }
    )
    Path("two_arms.py").write_text(
        f"from raysweep.study import Study\nSTUDY = Study.model_validate_json({study.model_dump_json()!r})\n"
    )
    command = ["two_arms.py", "--serial", "--results", "my results"]
    folder = tmp_path / "my results" / "small"
    out = printed(capsys, *command)
    assert f"Report: {folder / 'report' / 'index.html'}\n" in out
    assert out.count(f"tensorboard --logdir {shlex.quote(str(folder / 'tensorboard'))}\n") == 1
    store = StudyStore(folder)
    assert store.load_study() == study
    assert store.load_environment()["command"] == ["raysweep", *command]
    assert set(store.table("trials")["status"]) == {"finished"}
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("model.pt")}
    assert "Left to do: 0 trials and 0 shards" in printed(capsys, *command)
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("model.pt")} == before
    (folder / "report" / "index.html").unlink()
    printed(capsys, *command, "--only", "report")
    assert (folder / "report" / "index.html").is_file()


def test_what_diverged_and_what_is_not_trained_is_told(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    study, store = small_study.STUDY, StudyStore(tmp_path / "results" / "small")
    history = HISTORY.rows({"trial": [], "step": [], "split": [], "metric": [], "value": []})
    work = Work("node", 1, 0.0, 2.0, 1.0)
    for trial in study.trials[1:3]:
        store.trials.finish(trial.id, TrialRecord("diverged", "loss is nan", 1, 5), None, history, work)
    out = printed(capsys, STUDY_FILE, "--serial", "--only", "measure")
    count = len(study.trials)
    assert f"Diverged: 2 of {count} trials." in out
    assert f"Not trained: {count - 2} of {count} trials" in out


@pytest.mark.slow
def test_failed_work_is_told_and_tried_again(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("no [memory] left")

    command = [STUDY_FILE, "--serial", "--only", "train", "--set", "arms.*.steps=2", "--set", "measures.*.shard=20"]
    with monkeypatch.context() as patch:
        patch.setattr("raysweep.execution.worker.start_training", broken)
        assert main(command) == INCOMPLETE
    out = capsys.readouterr().out
    assert "RuntimeError: no [memory] left" in out
    assert "The same command tries them again." in out
    assert main(command) == DONE
