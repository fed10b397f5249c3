import re
from pathlib import Path

import torch

PAGE = Path(__file__).parents[3] / "docs" / "class-radius.md"


def test_the_documentations_example_runs() -> None:
    code = "".join(re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL))
    names: dict[str, object] = {}
    exec(code, names)  # noqa: S102
    radius, moved = names["found"].radius, names["moved"]  # type: ignore[attr-defined]
    assert bool((radius > 0).all())
    assert isinstance(moved, torch.Tensor)
    assert float(moved.abs().max()) <= 2e-3
    proved = names["proved"]
    assert isinstance(proved, torch.Tensor)
    assert bool(((proved > 0) & (proved <= radius)).all())
