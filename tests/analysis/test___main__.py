import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from analysis.__main__ import main
from raysweep.results.store import StudyStore
from support.pretended_results import pretended_study


@pytest.mark.slow
def test_the_page_is_drawn_and_its_path_printed(
    make_store: Callable[..., StudyStore], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    store = make_store(pretended_study(measures=(), seeds=(0,)))
    assert main([str(store.folder)]) == 0
    assert capsys.readouterr().out.strip() == store.folder.locate("report/index.html")
    assert main([str(store.folder), "--out", str(tmp_path / "elsewhere")]) == 0
    assert (tmp_path / "elsewhere" / "index.html").is_file()


def test_a_bad_path_is_one_message_and_exit_code_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "nowhere")]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert "nowhere" in captured.err
    assert "study.json" in captured.err


def test_wrong_arguments_are_exit_code_2(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main([])
    assert stop.value.code == 2
    assert "RESULTS" in capsys.readouterr().err


@pytest.mark.slow
def test_the_module_is_a_command(tmp_path: Path) -> None:
    run = subprocess.run([sys.executable, "-m", "analysis", str(tmp_path)], capture_output=True, text=True, check=False)
    assert run.returncode == 2
    assert "Traceback" not in run.stderr
