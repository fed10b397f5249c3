"""A head and two workers as separate nodes, each with an address of its own, do one study together."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

import s3_server
from nodes import Nodes, ray_nodes, why_not
from raysweep.files import join
from raysweep.store import StudyStore
from test_pipeline import TABLES

pytestmark = [pytest.mark.ray, pytest.mark.slow]

STUDY = Path(__file__).with_name("study_of_nodes.py")
COMMAND = [
    sys.executable,
    "-m",
    "raysweep.run",
    str(STUDY),
    "--set",
    "arms.*.steps=60",
    "--set",
    "measures.reconstruction.solver.steps=50",
    "--set",
    "checkpoint_seconds=0.2",
]


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> StudyStore:
    """What one process computes."""
    folder = tmp_path_factory.mktemp("serial")
    command = [*COMMAND, "--serial", "--only", "train,measure", "--results", str(folder)]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    return StudyStore(folder / "nodes")


@pytest.fixture(scope="module")
def nodes() -> Iterator[Nodes]:
    if reason := why_not():
        pytest.skip(reason)
    with ray_nodes(environment=s3_server.ENVIRONMENT) as found:
        yield found


def work(nodes: Nodes, results: str, output: Path) -> StudyStore:
    """Has the nodes do the study; its results."""
    command = [*COMMAND, "--cluster", nodes.address, "--results", results]
    with output.open("w") as file:
        assert nodes.head.open(command, stdout=file, stderr=file).wait(300) == 0, output.read_text()
    assert "(3 nodes, 3 cores)" in output.read_text()
    return StudyStore(join(results, "nodes"))


def assert_all_worked(nodes: Nodes, found: StudyStore, expected: StudyStore) -> None:
    assert set(found.table("schedule")["node"]) == {node.name for node in nodes.nodes}
    for name in TABLES:
        pd.testing.assert_frame_equal(found.table(name), expected.table(name), check_exact=True)


def test_every_node_works_and_the_tables_are_those_of_one_process(
    nodes: Nodes, expected: StudyStore, tmp_path: Path
) -> None:
    assert_all_worked(nodes, work(nodes, str(tmp_path / "shared"), tmp_path / "output"), expected)


def test_nodes_that_share_no_folder_do_so_too(
    nodes: Nodes, expected: StudyStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their results are on an S3 server outside the cluster, whose address they have from the URL alone."""
    for name, value in s3_server.ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    with s3_server.s3_server(nodes.outside) as server:
        server.make_bucket("shared")
        url = f"s3://shared/results?scheme=http&endpoint_override={server.endpoint.removeprefix('http://')}"
        store = work(nodes, url, tmp_path / "output")
        assert_all_worked(nodes, store, expected)
        assert any(request.endswith("checkpoint.pt") for request in server.requests)
        files = store.folder.tree("")
        assert not {name for name in files if name.endswith(("checkpoint.pt", ".part"))}
        assert "report/index.html" in files
        for trial in store.load_study().trials:
            (events,) = (name for name in files if name.startswith(f"tensorboard/{trial.id}/"))
            board = tmp_path / trial.id / Path(events).name
            board.parent.mkdir()
            board.write_bytes(store.folder.read(events))
            scalars = EventAccumulator(str(board)).Reload()
            shown = {scalars.Scalars(tag)[-1].step for tag in scalars.Tags()["scalars"]}
            assert shown == {trial.model.total_steps(store.load_facts())}
