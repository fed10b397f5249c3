"""The time that is left, by what was told of the work."""

import math
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from raysweep.execution.agenda import Piece
from raysweep.execution.remaining import OVERHEAD, Left, Remaining, keep_rates, load_rates


def piece(seconds: float, *groups: str) -> Piece:
    """A piece of work that takes so long at 10 GFLOP/s."""
    return Piece("measure", 1e10 * seconds - OVERHEAD, groups)


def seconds_left(remaining: Remaining) -> float:
    left = remaining.left()
    assert left is not None
    return left.seconds


def test_nothing_is_said_before_anything_is_told_and_when_all_is_done() -> None:
    remaining = Remaining()
    remaining.add({"a": piece(10, "a")})
    assert remaining.left() is None
    remaining.advance("a", 0.0, 0.0, 100.0)
    assert remaining.left() is not None
    remaining.advance("a", 1.0, 10.0, 110.0)
    assert remaining.left() is None
    remaining.advance("a", 1.0, 99.0, 110.0)  # what is told of it again changes nothing
    assert remaining.left() is None


@settings(max_examples=25)
@given(speed=st.floats(1e-3, 1e3), workers=st.integers(1, 8), done=st.integers(1, 79))
def test_equal_pieces_take_the_rest_of_the_time(speed: float, workers: int, done: int) -> None:
    remaining = Remaining()
    remaining.add({str(i): piece(10 / speed, "a", "b") for i in range(80 * workers)})
    for i in range(done * workers):
        remaining.advance(str(i), 1.0, 10.0, 10.0 * (1 + i // workers))
    assert seconds_left(remaining) == pytest.approx(10 * (80 - done), rel=0.25 if done < 5 else 0.05)


def test_kinds_of_work_have_rates_of_their_own() -> None:
    remaining = Remaining()
    remaining.add({f"{kind}{i}": piece(10, kind) for kind in "ab" for i in range(10)})
    now = 0.0
    for i in range(5):
        for kind, seconds in (("a", 1.0), ("b", 100.0)):
            now += seconds
            remaining.advance(f"{kind}{i}", 1.0, seconds, now)
    assert seconds_left(remaining) == pytest.approx(505, rel=0.05)


def test_work_that_was_not_tried_is_like_what_is_nearest_to_it() -> None:
    """The measure is slow in the first family, and in the second at d2; at d8 it takes the first 4 times as long."""

    def told(*known: tuple[str, str, float]) -> float:
        remaining = Remaining()
        remaining.add({"new": piece(10, "radius", "r1", "vae", "d8")})
        remaining.add({f"{f}{d}{i}": piece(10, "radius", "r1", f, d) for f, d, _ in known for i in range(4)})
        now = 0.0
        for f, d, seconds in known:
            for i in range(4):
                now += seconds
                remaining.advance(f"{f}{d}{i}", 1.0, seconds, now)
        return seconds_left(remaining)

    near = told(("gan", "d2", 100), ("gan", "d8", 400), ("vae", "d2", 50))
    assert near == pytest.approx(200, rel=0.3)
    assert 50 < told(("gan", "d2", 100)) < 120


def test_doubt_shrinks_as_more_is_known() -> None:
    remaining = Remaining()
    remaining.add({f"a{i}": piece(10, "a", "a1") for i in range(9)} | {"b": piece(100, "b", "b1")})
    factors = []
    for i in range(9):
        remaining.advance(f"a{i}", 1.0, 10.0, 10.0 * (i + 1))
        left = remaining.left()
        assert left is not None
        factors.append(left.factor)
    remaining.advance("b", 0.5, 60.0, 150.0)
    left = remaining.left()
    assert left is not None
    assert factors[0] > 2
    assert factors[-1] > 2, "nothing is known of b"
    assert left.factor < 1.4


def test_the_last_piece_cannot_be_shared() -> None:
    remaining = Remaining()
    remaining.add({f"s{i}": piece(1, "a") for i in range(80)} | {"long": piece(100, "a")})
    for i in range(80):
        remaining.advance(f"s{i}", 1.0, 1.0, 1.0 + i // 4)
    assert remaining.workers == pytest.approx(4)
    assert seconds_left(remaining) == pytest.approx(100, rel=0.05)


def test_overdue_work_takes_a_while_longer() -> None:
    left = Left(10.0, 1.2)
    assert [left.after(seconds).seconds for seconds in (0, 4, 10, 100)] == [10, 6, 2, 20]


def test_workers_that_have_gone_count_no_longer() -> None:
    remaining = Remaining()
    remaining.add({str(i): piece(10, "a") for i in range(4000)})
    now, i = 0.0, 0
    for workers in (8, 2):
        for _ in range(60):
            now += 10
            for _ in range(workers):
                remaining.advance(str(i), 1.0, 10.0, now)
                i += 1
        assert remaining.workers == pytest.approx(workers, rel=0.1)


def test_more_work_is_like_what_there_is() -> None:
    remaining = Remaining()
    remaining.add({"a": piece(10, "a"), "b": piece(10, "a")}, more=3.0)
    remaining.advance("a", 1.0, 20.0, 20.0)
    assert seconds_left(remaining) == pytest.approx(20 + 3 * 40, rel=0.25)
    remaining.add({"c": piece(10, "a")}, more=0.0)
    assert seconds_left(remaining) == pytest.approx(40, rel=0.25)


def test_earlier_rates_tell_how_kinds_compare_even_on_another_machine() -> None:
    remaining = Remaining({("a",): 1e-10, ("b",): 1e-8, ("elsewhere",): 1e-3})
    remaining.add({"a": piece(10, "a"), "b": piece(10, "b")})
    remaining.advance("a", 1.0, 1.0, 1.0)  # ten times as fast as then
    assert 100 < seconds_left(remaining) < 500, "1,000 as then, and 100 if all is as much faster"


def test_what_this_run_took_counts_more_than_earlier_rates() -> None:
    earlier = {("a", "a1", "vae", f"d{d}", "vae", f"latent_dim={d}"): 1e-10 for d in range(30)}
    remaining = Remaining(earlier)
    remaining.add({f"{groups[3]}/{i}": piece(1, *groups) for groups in earlier for i in range(5)})
    for i in range(10):
        remaining.advance(f"d{i}/0", 1.0, 3.0, 3.0 * (i + 1))
    assert seconds_left(remaining) == pytest.approx(3 * 140, rel=0.1)


def test_rates_are_kept_for_later_runs(tmp_path: Path) -> None:
    path = tmp_path / "cache" / "rates.json"
    assert load_rates(path) == {}
    keep_rates(path, {("a", "b"): 1e-10, ("c",): 2.0})
    keep_rates(path, {("a", "b"): 3e-10})
    assert load_rates(path) == {("c",): 2.0, ("a", "b"): 3e-10}
    keep_rates(path, {(str(i),): 1.0 for i in range(5_000)})
    assert 1_000 < len(load_rates(path)) < 5_000
    assert [file.name for file in path.parent.iterdir()] == ["rates.json"]
    for damaged in ("", "{", "[1, 2]", '[[["a"], "b"]]', '{"a": 1}', '[[["a"], -1]]', '[[["a"], NaN]]'):
        path.write_text(damaged)
        assert load_rates(path) == {}
    keep_rates(path / "below a file", {("a",): 1.0})


def test_an_estimate_of_many_kinds_takes_a_moment() -> None:
    remaining = Remaining()
    pieces = {
        f"{m}/{arm}/{d}": piece(10, f"m{m}", "s", "vae", f"d{d}", arm, f"latent_dim={d}")
        for m in range(10)
        for arm in map(str, range(30))
        for d in range(10)
    }
    remaining.add(pieces)
    for name in list(pieces)[::2]:
        remaining.advance(name, 1.0, 10.0, 1e5)
    left = remaining.left()
    assert left is not None
    assert math.isfinite(left.factor)
