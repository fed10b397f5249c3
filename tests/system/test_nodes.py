"""A head and two workers as separate nodes, each with an address of its own, do one study together."""

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from raysweep.results.files import join
from raysweep.results.store import StudyStore
from support import s3_server
from support.nodes import ray_nodes, why_not
from support.runs import TABLES

pytestmark = [pytest.mark.ray, pytest.mark.slow]

STUDY = Path(__file__).parents[1] / "support" / "study_of_nodes.py"
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


def test_nodes_that_share_no_folder_give_the_tables_of_one_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Results are on an S3 server outside the cluster, whose address the nodes have from the URL alone."""
    if reason := why_not():
        pytest.skip(reason)
    local, output = tmp_path / "local", tmp_path / "output"
    serial = [*COMMAND, "--serial", "--only", "train,measure", "--results", str(local)]
    subprocess.run(serial, check=True, capture_output=True, timeout=300)
    for name, value in s3_server.ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    with ray_nodes() as nodes, s3_server.s3_server(nodes.outside) as server, output.open("w") as file:
        server.make_bucket("shared")
        url = f"s3://shared/results?scheme=http&endpoint_override={server.endpoint.removeprefix('http://')}"
        command = [*COMMAND, "--cluster", nodes.address, "--results", url]
        assert nodes.head.open(command, stdout=file, stderr=file).wait(300) == 0, output.read_text()
        assert "(3 nodes, 3 cores)" in output.read_text()
        found, expected = StudyStore(join(url, "nodes")), StudyStore(local / "nodes")
        assert set(found.table("schedule")["node"]) == {node.name for node in nodes.nodes}
        for name in TABLES:
            pd.testing.assert_frame_equal(found.table(name), expected.table(name), check_exact=True)
        assert any(request.endswith("checkpoint.pt") for request in server.requests)
        files = found.folder.tree("")
        assert not {name for name in files if name.endswith(("checkpoint.pt", ".part"))}
        assert "report/index.html" in files
        for trial in found.load_study().trials:
            (events,) = (name for name in files if name.startswith(f"tensorboard/{trial.id}/"))
            board = tmp_path / trial.id / Path(events).name
            board.parent.mkdir()
            board.write_bytes(found.folder.read(events))
            scalars = EventAccumulator(str(board)).Reload()
            shown = {scalars.Scalars(tag)[-1].step for tag in scalars.Tags()["scalars"]}
            assert shown == {trial.model.total_steps(found.load_facts())}
