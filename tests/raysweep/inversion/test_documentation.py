"""The example of docs/inversion.md runs, and shows what is said about it."""

import re
import runpy
from pathlib import Path

import pytest
import torch

PAGE = Path(__file__).parents[3] / "docs" / "inversion.md"


def test_the_example_inverts_a_generator_that_is_not_ours(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (example,) = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    (tmp_path / "example.py").write_text(example)
    state = torch.get_rng_state()
    names = runpy.run_path(str(tmp_path / "example.py"))
    torch.set_rng_state(state)
    found, images = names["found"], names["images"]
    assert "torch.Size([10, 8])" in capsys.readouterr().out
    signal = (images - images.mean(dim=0)).square().sum() / len(images)
    assert float(found.error.max()) < 1e-4 * float(signal)
