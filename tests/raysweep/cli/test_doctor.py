"""What the doctor says of machines, and with which exit code."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from raysweep import run
from raysweep.cli import doctor
from raysweep.cli.loading import load_study
from raysweep.cli.options import DONE, REFUSED
from raysweep.data import Presence
from raysweep.execution.machine import Gpu, Inspection, Node, Storage
from raysweep.execution.tasks import Workplace
from raysweep.results.store import StudyStore

HEALTHY = Inspection(
    host="one",
    versions={"python": "3.12.12", "ray": "2.60.0", "torch": "2.15.0", "numpy": "2.4.6"},
    cores=16,
    threads=1,
    gpus=(Gpu("H100", 80 * 2**30),) * 2,
    storage=Storage(0.0123, 0.0004),
    results_free=500 * 2**30,
    cache=Path("/cache"),
    cache_free=64 * 2**30,
    data={"mnist": Presence(True, "in the cache")},
    inception=None,
)
TWO = [Node("node 10.0.0.5", 16, 2, HEALTHY), Node("node 10.0.0.6", 16, 2, HEALTHY)]
MISSING = replace(HEALTHY, data={"mnist": Presence(False, "/data/MNIST is not there", True)})


def examined(
    nodes: list[Node], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: str
) -> tuple[int, str]:
    """Exit code and words for a cluster of these machines."""
    monkeypatch.setattr(doctor, "_look", lambda *_: ("Ray cluster 10.0.0.5:6379 (2 nodes)", nodes))
    code = doctor.main([*arguments, "--cluster"])
    return code, capsys.readouterr().out


def test_machines_are_told_with_their_gpus_and_times(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out = examined(TWO, monkeypatch, capsys, "mnist")
    assert code == DONE
    assert out.startswith("Ray cluster 10.0.0.5:6379 (2 nodes)\n")
    rows = [re.split(r"\s{2,}", line.strip()) for line in out.splitlines() if line.startswith("node ")]
    assert rows[0] == ["node 10.0.0.5", "16", "1", "2 × H100 (80 GiB)", "12.3 ms", "0.4 ms", "500 GiB", "64 GiB"]
    assert len(rows) == 2
    assert "Fault" not in out
    assert out.endswith("\nA run can start.\n")


def test_what_only_some_machines_have_is_a_fault(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out = examined([TWO[0], replace(TWO[1], found=MISSING)], monkeypatch, capsys, "mnist")
    assert code == REFUSED
    assert "mnist: on 1 of 2 machines: " in out
    assert "Fault: node 10.0.0.6: data set mnist: /data/MNIST is not there; put it" in out
    assert out.endswith("\nA run cannot start.\n")


def test_what_a_run_downloads_first_is_a_note(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out = examined([replace(node, found=MISSING) for node in TWO], monkeypatch, capsys, "mnist")
    assert code == DONE
    assert "Note: data set mnist: a run downloads it" in out


def test_without_a_study_nothing_is_needed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    code, out = examined([TWO[0], replace(TWO[1], found=MISSING)], monkeypatch, capsys)
    assert code == DONE
    assert "Fault" not in out


def test_a_silent_machine_is_a_fault(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    silent = Node("node 10.0.0.9", 16, 2, None, "RuntimeError: no torch there")
    code, out = examined([TWO[0], silent], monkeypatch, capsys)
    assert code == REFUSED
    assert "Fault: node 10.0.0.9: RuntimeError: no torch there; see that the same packages are installed" in out


def test_what_may_surprise_is_noted() -> None:
    other = replace(HEALTHY, versions={**HEALTHY.versions, "torch": "2.14.0"}, gpus=())
    notes = doctor.notes([TWO[0], Node("node 10.0.0.6", 16, 2, other)], load_study("cifar10"))
    assert "torch 2.14.0 and 2.15.0" in notes[0]
    assert notes[1].startswith("node 10.0.0.6: Ray gives out 2 GPUs there and torch sees 0")
    assert "--fid-weights FILE" in notes[2]
    assert doctor.notes(TWO, None) == []


def test_this_machine_is_examined_without_ray(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert run.main(["doctor", "digits"]) == DONE
    out = capsys.readouterr().out
    assert out.startswith("This machine\n")
    assert f"Results: {tmp_path / 'results' / 'digits'}\n" in out
    assert f"--logdir {tmp_path / 'results' / 'digits' / 'tensorboard'}\n" in out
    assert "  digits: needs no files\n" in out
    assert not (tmp_path / "results").exists()


def test_a_folder_that_cannot_be_written_is_a_fault(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: StudyStore, name: str) -> None:
        raise OSError("read-only file system")

    monkeypatch.setattr(StudyStore, "save_probe", refuse)
    assert run.main(["doctor", "digits"]) == REFUSED
    assert f"Fault: this machine: results folder {tmp_path / 'results' / 'digits'}: cannot" in capsys.readouterr().out


def test_a_file_in_the_place_of_the_folder_is_named(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "results").write_text("a file")
    assert run.main(["doctor", "digits"]) == REFUSED
    said = capsys.readouterr()
    assert f"results folder {tmp_path / 'results' / 'digits'}: {tmp_path / 'results'} is a file" in said.err
    assert said.out == ""


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["digts"], "study 'digts': unknown; did you mean 'digits'?"),
        (["--cluster", "nowhere"], "--cluster nowhere: not an address"),
        (["--data", "nowhere"], "data folder nowhere (--data): not a folder"),
        (["--plan"], "unrecognized arguments: --plan (raysweep doctor -h lists"),
    ],
)
def test_what_cannot_be_used_is_said_in_one_line(
    capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    assert doctor.main(arguments) == REFUSED
    said = capsys.readouterr()
    assert words in said.err
    assert said.err.count("\n") == 1
    assert said.out == ""


def test_the_folders_are_those_of_the_run() -> None:
    """What is examined is where a run of the same options works."""
    place = Workplace(Path("/r/mnist"), Path("/d"))
    told = dict(doctor.places(TWO, place, load_study("mnist")))
    assert told["Results"] == "/r/mnist"
    assert told["Data"] == "/d"
    assert told["TensorBoard"].endswith("--logdir /r/mnist/tensorboard")
    assert told["Inception weights"] == "fetched on first use"
