"""A head and two workers as separate nodes, each with an address of its own, do one study together."""

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from nodes import ray_nodes, why_not
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
]


@pytest.fixture(autouse=True)
def namespaces() -> None:
    if reason := why_not():
        pytest.skip(reason)


def test_every_node_works_and_the_tables_are_those_of_one_process(tmp_path: Path) -> None:
    serial, shared = tmp_path / "serial", tmp_path / "shared"
    subprocess.run([*COMMAND, "--serial", "--results", str(serial)], check=True, capture_output=True, timeout=300)
    with ray_nodes() as nodes, (tmp_path / "output").open("w") as output:
        command = [*COMMAND, "--cluster", nodes.address, "--results", str(shared)]
        assert nodes.head.open(command, stdout=output, stderr=output).wait(300) == 0, Path(output.name).read_text()
    assert "(3 nodes, 3 cores)" in Path(output.name).read_text()
    expected, found = StudyStore(serial / "nodes"), StudyStore(shared / "nodes")
    assert set(found.table("schedule")["node"]) == {node.name for node in nodes.nodes}
    for name in TABLES:
        pd.testing.assert_frame_equal(found.table(name), expected.table(name), check_exact=True)
