"""What a run prints as it goes on."""

import io
import re
from pathlib import Path

import pytest
from rich.console import Console

from raysweep.cli import progress
from raysweep.cli.progress import ConsoleProgress
from raysweep.execution.agenda import Kind, Piece
from raysweep.execution.remaining import load_rates

HIDE_CURSOR, SHOW_CURSOR = "\x1b[?25l", "\x1b[?25h"
NOTHING: dict[Kind, int] = {"train": 0, "prepare": 0, "measure": 0}
A, B, S = (
    Piece("train", 1e12, ("train", "", "vae")),
    Piece("train", 3e12, ("train", "", "vae")),
    Piece("measure", 4e12, ("samples", "samples-1")),
)


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


def lines(stream: io.StringIO) -> list[str]:
    """The lines without the time, which each of them begins with."""
    found = [re.fullmatch(r"\d\d:\d\d:\d\d  (.*)", line) for line in stream.getvalue().splitlines()]
    assert all(found)
    return [line[1] for line in found if line]


def test_lines_are_printed_where_there_is_no_terminal(clock: Clock) -> None:
    stream = io.StringIO()
    progress = ConsoleProgress(Console(file=stream, width=200))
    progress.start({"a": A, "b": B}, {**NOTHING, "train": 2})
    clock.now += 10
    progress.advance("a", 1.0, "north", 10.0)
    clock.now += 10
    progress.advance("b", 0.5, "south", 20.0)
    progress.finish()
    # 2.5 of 4 TFLOP took 30 s of workers. The other 1.5 TFLOP take 18 s: they are of one trial, which has one worker.
    assert lines(stream) == [
        "2 trials were done before, 2 to do",
        "53%; about 20 s left; 1/2 trials; 1 trial trains",
        "1/2 trials; in 0:20",
    ]


def test_there_is_one_total_that_does_not_leave_out_what_was_not_tried(clock: Clock) -> None:
    stream = io.StringIO()
    progress = ConsoleProgress(Console(file=stream, width=200))
    progress.start({"a": A, "b": B, "s": S}, NOTHING)
    clock.now += 15
    progress.advance("a", 1.0, "here", 15.0)
    clock.now += 45
    progress.advance("b", 1.0, "here", 45.0)
    untried = "the time left is not known yet; {}/2 trials, 0/1 shards"
    assert lines(stream) == [untried.format(1), untried.format(2)]


def test_rates_of_earlier_runs_tell_of_what_was_not_tried(clock: Clock, tmp_path: Path) -> None:
    path = tmp_path / "new" / "rates.json"
    with Console(file=io.StringIO()) as console:
        first = ConsoleProgress(console, path)
        first.start({"a": A, "s": S}, NOTHING)
        first.advance("a", 1.0, "here", 10.0)
        first.advance("s", 1.0, "here", 80.0)
        first.close()
    stream = io.StringIO()
    second = ConsoleProgress(Console(file=stream, width=200), path)
    second.start({"a": A, "s": S}, NOTHING)
    clock.now += 20
    second.advance("a", 1.0, "here", 20.0)  # this run is twice as slow
    assert re.fullmatch(r"\d\d%; .* left; 1/1 trials, 0/1 shards", lines(stream)[0])
    left = second._left
    assert left is not None
    assert 80 < left.seconds < 240
    second.close()
    assert load_rates(path)[A.groups] > 1.9e-11
    assert load_rates(path)[S.groups] == pytest.approx(80 / 4.002e12)


def test_work_that_will_come_is_counted(clock: Clock) -> None:
    stream = io.StringIO()
    progress = ConsoleProgress(Console(file=stream, width=200))
    progress.start({}, NOTHING, more=1.0)
    progress.grow({"a": A}, more=3.0)
    clock.now += 20
    progress.advance("a", 0.5, "here", 20.0)
    progress.note("published: held-out loss 43.6 (1 of 2)")
    # The other half of the trial, and three times as much as the whole one.
    assert lines(stream) == [
        "13%; about 2.5 min left; 0/1 trials; 1 trial trains",
        "published: held-out loss 43.6 (1 of 2)",
    ]


def test_a_line_is_printed_more_seldom_in_a_long_run(clock: Clock) -> None:
    stream = io.StringIO()
    progress = ConsoleProgress(Console(file=stream, width=200))
    progress.start({"a": A}, NOTHING)
    for second in range(0, 36_000, 30):
        clock.now = 1000.0 + second
        progress.advance("a", second / 36_000, "here", second)
    assert 150 < len(lines(stream)) < 250


def test_it_is_not_done_before_all_is_done(clock: Clock) -> None:
    stream = io.StringIO()
    progress = ConsoleProgress(Console(file=stream, width=200))
    progress.start({"a": A}, NOTHING)
    clock.now += 3600
    progress.advance("a", 0.9999, "here", 3600.0)
    assert lines(stream) == ["99%; about 5 s left; 0/1 trials; 1 trial trains"]


def test_the_status_names_the_nodes_while_they_are_few(clock: Clock) -> None:
    stream = io.StringIO()
    progress = ConsoleProgress(Console(file=stream, width=200))
    progress.start({f"s{i}": S for i in range(12)}, NOTHING)
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


def test_a_terminal_shows_two_lines_without_the_time_of_day() -> None:
    stream = io.StringIO()
    progress = ConsoleProgress(Console(file=stream, force_terminal=True, width=120))
    progress.start({"a": A, "s": S}, NOTHING)
    progress.advance("a", 0.5, "here", 1.0)
    progress.note("a note")
    progress.close()
    shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", stream.getvalue()).splitlines()
    assert "a note" in [line.strip() for line in shown]
    assert re.search(r"0:00 so far, the time left is not known yet", shown[-2])
    assert shown[-1].strip() == "0/1 trials, 0/1 shards; 1 trial trains"


def test_an_interrupted_run_gives_the_terminal_back() -> None:
    stream = io.StringIO()
    progress = ConsoleProgress(Console(file=stream, force_terminal=True))
    progress.start({"a": A}, NOTHING)
    progress.advance("a", 0.5, "here", 1.0)
    assert stream.getvalue().count(HIDE_CURSOR) == 1
    assert SHOW_CURSOR not in stream.getvalue()
    progress.close()
    assert stream.getvalue().count(SHOW_CURSOR) == 1
    progress.close()
    assert stream.getvalue().count(SHOW_CURSOR) == 1
