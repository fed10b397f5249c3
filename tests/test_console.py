"""What a run prints as it goes on."""

import io

import pytest
from rich.console import Console

from raysweep.console import ConsoleProgress, duration, remaining

HIDE_CURSOR, SHOW_CURSOR = "\x1b[?25l", "\x1b[?25h"


def test_a_phase_is_told_in_lines_where_there_is_no_terminal() -> None:
    stream = io.StringIO()
    progress = ConsoleProgress(Console(file=stream))
    progress.start("train", {"a": 1.0, "b": 3.0}, already=2)
    progress.advance("a", 1.0)
    progress.finish()
    assert stream.getvalue().splitlines() == [
        "Training: 2 trials were done before, 2 to do",
        "Training: 1/2 trials in 0:00",
    ]


def test_an_interrupted_phase_gives_the_terminal_back() -> None:
    stream = io.StringIO()
    progress = ConsoleProgress(Console(file=stream, force_terminal=True))
    progress.start("train", {"a": 1.0}, already=0)
    progress.advance("a", 0.5)
    assert stream.getvalue().count(HIDE_CURSOR) == 1
    assert SHOW_CURSOR not in stream.getvalue()
    progress.close()
    assert stream.getvalue().count(SHOW_CURSOR) == 1
    progress.close()
    assert stream.getvalue().count(SHOW_CURSOR) == 1


@pytest.mark.parametrize(
    ("done", "elapsed", "text"), [(0.0, 5.0, ""), (0.25, 30.0, "1:30 left"), (1.0, 9.0, "0:00 left")]
)
def test_what_remains_follows_from_the_mean_speed(done: float, elapsed: float, text: str) -> None:
    assert remaining(done, elapsed) == text


def test_durations() -> None:
    assert [duration(seconds) for seconds in (0.4, 59.6, 3723)] == ["0:00", "1:00", "1:02:03"]
