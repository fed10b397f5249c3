"""What a machine has, and what keeps it from doing the work: no Ray."""

import json
import platform
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
import torch

from raysweep.execution.machine import RECORDED_PACKAGES, Node, Storage, describe_environment, inspect
from raysweep.execution.tasks import Workplace
from raysweep.study import Digits
from raysweep.study.data import Mnist


@pytest.fixture(autouse=True)
def _empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAYSWEEP_CACHE", str(tmp_path / "cache"))


def examined(workplace: Workplace) -> Node:
    found = inspect(workplace, (Digits(), Mnist()), "here", "elsewhere")
    return Node("node 10.0.0.7", 2, 0, found)


def test_two_machines_that_share_a_folder_see_what_the_other_wrote(tmp_path: Path) -> None:
    workplace = Workplace(tmp_path / "results", tmp_path)
    workplace.store.save_probe("here")
    node = examined(workplace)
    assert node.found is not None
    assert node.found.storage.problem == ""
    assert workplace.store.has_probe("elsewhere")
    assert node.faults(workplace, ["digits"]) == []
    for name in ("here", "elsewhere", "elsewhere"):
        workplace.store.remove_probe(name)
    assert list(workplace.results.iterdir()) == []


def test_a_folder_of_another_machine_under_the_same_path_is_noticed(tmp_path: Path) -> None:
    workplace = Workplace(tmp_path / "results", tmp_path)
    workplace.store.save_probe("another")
    (fault,) = examined(workplace).faults(workplace, ["digits"])
    assert fault.startswith(f"node 10.0.0.7: results folder {workplace.results}: what the driver wrote")
    assert "--results DIR" in fault


def test_a_folder_that_cannot_be_written_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    workplace = Workplace(tmp_path / "taken", tmp_path)
    (fault,) = examined(workplace).faults(workplace, ["digits"])
    assert "taken: cannot be written or read" in fault


def test_what_is_missing_is_named_with_its_remedy(tmp_path: Path) -> None:
    workplace = Workplace(tmp_path / "results", tmp_path, tmp_path / "inception.pth")
    workplace.store.save_probe("here")
    data, weights = examined(workplace).faults(workplace, ["mnist"])
    assert data.startswith(
        f"node 10.0.0.7: data set mnist: {tmp_path / 'MNIST/raw/train-images-idx3-ubyte'} is not there"
    )
    assert "--data DIR" in data
    assert f"--fid-weights {tmp_path / 'inception.pth'}: not there" in weights
    (tmp_path / "inception.pth").touch()
    assert examined(workplace).faults(workplace, ["mnist"]) == [data]


def test_a_machine_that_does_not_answer_is_a_fault(tmp_path: Path) -> None:
    silent = Node("node 10.0.0.8", 2, 0, None, "no answer in 120 s")
    assert silent.faults(Workplace(tmp_path, tmp_path), []) == [
        "node 10.0.0.8: no answer in 120 s; see that the same packages are installed there (one image, or one "
        "constraints.txt), and `ray status`"
    ]


def test_a_write_that_does_not_arrive_is_a_fault(tmp_path: Path) -> None:
    workplace = Workplace(tmp_path / "results", tmp_path)
    node = examined(workplace)
    assert node.found is not None
    lost = replace(node, found=replace(node.found, storage=Storage(problem="what it wrote there is not seen here")))
    assert "is not seen here" in lost.faults(workplace, ["mnist"])[0]


def test_the_environment_is_recorded_as_plain_values() -> None:
    environment = describe_environment(["digits", "--serial"], "this process")
    assert json.loads(json.dumps(environment)) == environment
    assert environment["command"] == ["raysweep", "digits", "--serial"]
    assert environment["backend"] == "this process"
    assert environment["python"] == platform.python_version()
    packages = environment["packages"]
    assert isinstance(packages, dict)
    assert set(packages) == set(RECORDED_PACKAGES)
    assert torch.__version__.partition("+")[0] == packages["torch"]
    assert "not installed" not in packages.values()
    assert datetime.fromisoformat(str(environment["started"])).tzinfo is not None
    assert environment["processor"]
