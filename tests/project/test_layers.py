"""What must stay light to import: `make test` checks who imports whom; here is what really gets loaded."""

import json
import subprocess
import sys

import pytest

PRINT_LOADED = "import json, sys; print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"


def loaded_by(*statements: str) -> set[str]:
    """Top-level packages that a fresh interpreter has loaded after `statements`."""
    code = "\n".join([*statements, PRINT_LOADED])
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.slow
def test_studies_tables_and_the_analysis_load_neither_torch_nor_ray() -> None:
    light = "raysweep.study, raysweep.results.store, raysweep.run, search_spaces.digits, analysis.report"
    assert not loaded_by(f"import {light}") & {"torch", "torchvision", "ray", "pytorch_fid"}


@pytest.mark.slow
def test_models_and_the_serial_backend_do_not_load_ray() -> None:
    modules = ["raysweep.models", "raysweep.inversion", "raysweep.radius", "raysweep.execution.serial"]
    loaded = loaded_by(f"import {', '.join(modules)}")
    assert "torch" in loaded
    assert "ray" not in loaded


@pytest.mark.slow
def test_a_plan_needs_neither_torch_nor_ray() -> None:
    loaded = loaded_by("from raysweep.run import main", "assert main(['digits', '--plan']) == 0")
    assert "search_spaces" in loaded
    assert not loaded & {"torch", "torchvision", "ray", "pytorch_fid"}
