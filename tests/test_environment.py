"""What is recorded of the machine that a run ran on."""

import json
import platform
from datetime import datetime

import torch

from raysweep.execution.machine import PACKAGES, describe_environment


def test_the_environment_is_recorded_as_plain_values() -> None:
    environment = describe_environment(["digits", "--serial"], "this process")
    assert json.loads(json.dumps(environment)) == environment
    assert environment["command"] == ["raysweep", "digits", "--serial"]
    assert environment["backend"] == "this process"
    assert environment["python"] == platform.python_version()
    packages = environment["packages"]
    assert isinstance(packages, dict)
    assert set(packages) == set(PACKAGES)
    assert torch.__version__.partition("+")[0] == packages["torch"]
    assert "not installed" not in packages.values()
    assert datetime.fromisoformat(str(environment["started"])).tzinfo is not None
    assert environment["processor"]
