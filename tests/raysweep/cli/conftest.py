from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def _somewhere_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Default folders are relative to the working directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("RAYSWEEP_DATA", raising=False)
    monkeypatch.setenv("RAYSWEEP_CACHE", str(tmp_path / "cache"))
