"""The examples of docs/ run, and show what is said about them."""

import re
import runpy
from pathlib import Path

import pytest
import torch

INVERSION = Path(__file__).parents[2] / "docs" / "inversion.md"


def test_the_example_inverts_a_generator_that_is_not_ours(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (example,) = re.findall(r"^```python\n(.*?)^```$", INVERSION.read_text(), re.MULTILINE | re.DOTALL)
    (tmp_path / "example.py").write_text(example)
    state = torch.get_rng_state()
    names = runpy.run_path(str(tmp_path / "example.py"))
    torch.set_rng_state(state)
    found, images = names["found"], names["images"]
    assert "torch.Size([10, 8])" in capsys.readouterr().out
    signal = (images - images.mean(dim=0)).square().sum() / len(images)
    assert float(found.error.max()) < 1e-4 * float(signal)


CLASS_RADIUS = Path(__file__).parents[2] / "docs" / "class-radius.md"


def test_the_example_finds_class_radii() -> None:
    code = "".join(re.findall(r"^```python\n(.*?)^```$", CLASS_RADIUS.read_text(), re.MULTILINE | re.DOTALL))
    names: dict[str, object] = {}
    exec(code, names)  # noqa: S102
    radius, moved = names["found"].radius, names["moved"]  # type: ignore[attr-defined]
    assert bool((radius > 0).all())
    assert isinstance(moved, torch.Tensor)
    assert float(moved.abs().max()) <= 2e-3
    proved = names["proved"]
    assert isinstance(proved, torch.Tensor)
    assert bool(((proved > 0) & (proved <= radius)).all())
