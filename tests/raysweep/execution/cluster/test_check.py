"""Every node is looked at; what one of them lacks is said. Ray is pretended: what a node would run is run here."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import ray

from raysweep.errors import UserError
from raysweep.execution.cluster import check
from raysweep.execution.machine import Inspection, inspect
from raysweep.execution.tasks import Workplace
from raysweep.study import Digits

Look = Callable[..., Inspection]


def mounted(folder: Path) -> Look:
    """A node whose results lie in another folder, whatever path it is told."""

    def look(workplace: Workplace, *rest: Any) -> Inspection:
        return inspect(Workplace(folder, workplace.data), *rest)

    return look


def sees_but_does_not_write(workplace: Workplace, data: Any, driver: str, _: str) -> Inspection:
    return inspect(workplace, data, driver, "lost")


def is_broken(*_: Any) -> Inspection:
    raise RuntimeError("the function failed to import\n\nModuleNotFoundError: No module named 'torch'\n")


def is_silent(*_: Any) -> Inspection:
    raise ray.exceptions.GetTimeoutError


@pytest.fixture
def looked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., list[str]]:
    """What keeps a cluster of these nodes from working."""
    monkeypatch.setenv("RAYSWEEP_CACHE", str(tmp_path / "cache"))

    def faults(*nodes: Look) -> list[str]:
        here = Workplace(tmp_path / "results", tmp_path)
        known = [
            {
                "NodeID": f"{index + 1:056x}",
                "Alive": True,
                "NodeManagerAddress": f"10.0.0.{index}",
                "Resources": {"CPU": 4.0},
            }
            for index in range(len(nodes))
        ]
        gone = {"NodeID": "gone", "Alive": False, "NodeManagerAddress": "10.0.0.99", "Resources": {}}

        def options(scheduling_strategy: Any) -> Any:
            node = nodes[int(scheduling_strategy.node_id, 16) - 1]
            return SimpleNamespace(remote=lambda *given: lambda: node(*given))

        monkeypatch.setattr(check, "_look", SimpleNamespace(options=options))
        monkeypatch.setattr(check.ray, "nodes", lambda: [*known, gone])
        monkeypatch.setattr(check.ray, "wait", lambda *_, **__: None)
        monkeypatch.setattr(check.ray, "get", lambda reference, timeout: reference())
        found = check.inspect_nodes(here, (Digits(),))
        assert [node.cpus for node in found] == [4.0] * len(nodes)
        assert not list((tmp_path / "results").glob(".probe-*-[0-9]*"))
        words = [fault for node in found for fault in node.faults(here, ["digits"])]
        if words:
            with pytest.raises(UserError) as refused:
                check.check_nodes(here, (Digits(),))
            assert str(refused.value) == words[0]
        else:
            check.check_nodes(here, (Digits(),))
        return words

    return faults


def test_nodes_that_see_all_are_taken(looked: Callable[..., list[str]], tmp_path: Path) -> None:
    assert looked(inspect, inspect) == []
    assert list((tmp_path / "results").iterdir()) == []


def test_a_node_with_another_folder_is_named(looked: Callable[..., list[str]], tmp_path: Path) -> None:
    (fault,) = looked(inspect, mounted(tmp_path / "elsewhere"))
    assert fault.startswith(f"node 10.0.0.1: results folder {tmp_path / 'results'}: what the driver wrote there is not")


def test_a_node_whose_writes_are_lost_is_named(looked: Callable[..., list[str]]) -> None:
    (fault,) = looked(sees_but_does_not_write, inspect)
    assert fault.startswith("node 10.0.0.0: results folder ")
    assert "what it wrote there is not seen here" in fault


def test_a_node_without_our_packages_is_named(looked: Callable[..., list[str]]) -> None:
    (fault,) = looked(is_broken)
    assert fault.startswith("node 10.0.0.0: ModuleNotFoundError: No module named 'torch'; see that the same packages")


def test_a_node_that_does_not_answer_is_named(looked: Callable[..., list[str]]) -> None:
    (fault,) = looked(inspect, inspect, is_silent)
    assert fault.startswith("node 10.0.0.2: no answer in 120 s")
