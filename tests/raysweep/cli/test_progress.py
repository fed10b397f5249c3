"""What a run prints as it goes on."""

import io

import pytest
from rich.console import Console

from raysweep.cli import progress
from raysweep.cli.progress import ConsoleProgress, duration
from raysweep.execution.agenda import Kind, Piece

HIDE_CURSOR, SHOW_CURSOR = "\x1b[?25l", "\x1b[?25h"
NOTHING: dict[Kind, int] = {"train": 0, "prepare": 0, "measure": 0}


class Clock:
    """A time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr(progress, "monotonic", found)
    return found


def test_lines_are_printed_where_there_is_no_terminal(clock: Clock) -> None:
    stream = io.StringIO()
    progress = ConsoleProgress(Console(file=stream, width=200))
    pieces = {"a": Piece("train", 1.0), "b": Piece("train", 3.0), "s": Piece("measure", 4.0)}
    progress.start(pieces, {**NOTHING, "train": 2})
    clock.now += 10
    progress.advance("a", 1.0, "north", 10.0)
    clock.now += 10
    progress.advance("b", 0.5, "south", 20.0)
    progress.finish()
    # 2.5 of 4 in training took 30 seconds of workers, of whom 1.5 are busy: the other 1.5 take them 18 / 1.5 seconds.
    assert stream.getvalue().splitlines() == [
        "Training: 2 trials were done before, 2 to do",
        "Training 62%, 1/2 trials; Measuring 0%, 0/1 shards; 1 trial trains; at least 0:12 left",
        "Training: 1/2 trials; Measuring: 0/1 shards; in 0:20",
    ]


def test_nothing_is_said_of_the_time_left_while_more_work_will_come(clock: Clock) -> None:
    stream = io.StringIO()
    progress = ConsoleProgress(Console(file=stream, width=200))
    progress.start({}, NOTHING, more=True)
    progress.grow({"a": Piece("train", 1.0)}, more=True)
    clock.now += 20
    progress.advance("a", 0.5, "here", 10.0)
    progress.note("published: held-out loss 43.6 (1 of 2)")
    progress.grow({"b": Piece("train", 1.0)}, more=False)
    clock.now += 20
    progress.advance("a", 1.0, "here", 20.0)
    progress.finish()
    assert stream.getvalue().splitlines() == [
        "Training 50%, 0/1 trials; 1 trial trains",
        "published: held-out loss 43.6 (1 of 2)",
        "Training 50%, 1/2 trials; 0:40 left",
        "Training: 1/2 trials; in 0:40",
    ]


def test_nothing_is_said_of_the_time_left_when_none_of_what_is_left_was_tried(clock: Clock) -> None:
    stream = io.StringIO()
    progress = ConsoleProgress(Console(file=stream, width=200))
    progress.start({"a": Piece("train", 1.0), "s": Piece("measure", 4.0)}, NOTHING)
    clock.now += 20
    progress.advance("a", 1.0, "here", 20.0)
    assert stream.getvalue().splitlines() == ["Measuring 0%, 0/1 shards"]


def test_the_status_names_the_nodes_while_they_are_few(clock: Clock) -> None:
    stream = io.StringIO()
    progress = ConsoleProgress(Console(file=stream, width=200))
    progress.start({f"s{i}": Piece("measure", 1.0) for i in range(12)}, NOTHING)
    for i in range(3):
        progress.advance(f"s{i}", 1.0, "ab"[i % 2], 1.0)
    clock.now += 20
    progress.advance("s3", 1.0, "a", 1.0)
    assert "4 shards in 30 s on a, b" in stream.getvalue()
    for i in range(4, 10):
        progress.advance(f"s{i}", 1.0, str(i), 1.0)
    clock.now += 25  # the first three are no longer recent
    progress.advance("s10", 1.0, "z", 1.0)
    assert "8 shards in 30 s on 8 nodes" in stream.getvalue()


def test_an_interrupted_run_gives_the_terminal_back() -> None:
    stream = io.StringIO()
    progress = ConsoleProgress(Console(file=stream, force_terminal=True))
    progress.start({"a": Piece("train", 1.0)}, NOTHING)
    progress.advance("a", 0.5, "here", 1.0)
    assert stream.getvalue().count(HIDE_CURSOR) == 1
    assert SHOW_CURSOR not in stream.getvalue()
    progress.close()
    assert stream.getvalue().count(SHOW_CURSOR) == 1
    progress.close()
    assert stream.getvalue().count(SHOW_CURSOR) == 1


def test_durations() -> None:
    assert [duration(seconds) for seconds in (0.4, 59.6, 3723)] == ["0:00", "1:00", "1:02:03"]
