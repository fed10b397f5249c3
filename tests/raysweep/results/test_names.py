"""Names in a results folder have one home, and lead nowhere else."""

import ast
import re
from pathlib import Path

from raysweep.results.names import merged_file, pruned_file, shard_file, shard_folder, table_file, trial_file
from raysweep.study.measures import Shard

ROOT = Path(__file__).parents[3]
FILE = re.compile(r"[\w./*-]*\.(json|pt|parquet|npz|db)")
ELSEWHERE = {"note.json", "rates.json", "Thumbs.db"}
"""In the folder in which Ray Tune keeps its own checkpoints, and in the cache; and what an operating system leaves."""


def typed_names(file: Path) -> set[str]:
    """Strings of a file that look like names of files that a run writes; docstrings tell of them in sentences."""
    constants = (node.value for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Constant))
    return {value for value in constants if isinstance(value, str) and FILE.fullmatch(value)}


def test_no_other_file_of_the_product_types_a_name() -> None:
    home = ROOT / "raysweep" / "results" / "names.py"
    files = {file for folder in ("raysweep", "analysis") for file in (ROOT / folder).rglob("*.py")} - {home}
    assert {"study.json", "model.pt", ".parquet"} <= typed_names(home)
    assert {str(file): names for file in files if (names := typed_names(file) - ELSEWHERE)} == {}


def test_names_are_those_of_earlier_versions() -> None:
    shards = [Shard("train", 0, 8), Shard("train", 8, 16)]
    assert trial_file("t", "model.pt") == "trials/t/model.pt"
    assert pruned_file("t", "abc") == "trials/t/pruned-abc.json"
    assert shard_folder("m-1") == "shards/m-1"
    assert shard_file("m-1", "t", shards[0]) == f"shards/m-1/t/{shards[0].key}.parquet"
    assert re.fullmatch(r"shards/m-1/t/all-[0-9a-f]{8}\.parquet", merged_file("m-1", "t", shards))
    assert merged_file("m-1", "t", shards) != merged_file("m-1", "t", shards[:1])
    assert table_file("trials") == "trials.parquet"
