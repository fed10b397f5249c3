import errno

import pytest

from raysweep.results import patience
from raysweep.results.patience import StorageError, patiently


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Time that only waiting spends; its last entry is now."""
    times = [0.0]
    monkeypatch.setattr(patience, "monotonic", lambda: times[-1])
    monkeypatch.setattr(patience, "sleep", lambda seconds: times.append(times[-1] + seconds))
    return times


def test_what_was_refused_for_a_while_is_done(clock: list[float]) -> None:
    def act() -> str:
        if clock[-1] < 60:
            raise OSError(errno.EIO, "Input/output error")
        return "done"

    assert patiently(act, "here: no") == "done"
    assert 60 <= clock[-1] < 60 + 1.5 * patience.LONGEST_PAUSE


def test_what_is_refused_for_long_is_said(clock: list[float]) -> None:
    def act() -> None:
        raise OSError(errno.EIO, "Input/output error")

    with pytest.raises(StorageError, match=r"^here: no \(.*Input/output error\), tried for 120 s$"):
        patiently(act, "here: no")
    assert patience.PATIENCE <= clock[-1] <= patience.PATIENCE + 1.5 * patience.LONGEST_PAUSE


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_said_at_once(clock: list[float], code: int) -> None:
    def act() -> None:
        raise OSError(code, "full")

    with pytest.raises(StorageError, match=r"^here: no \(.*full\); make room on the disk$"):
        patiently(act, "here: no")
    assert clock == [0.0]


@pytest.mark.parametrize("code", [errno.EROFS, errno.EACCES, errno.ENAMETOOLONG])
def test_what_another_try_does_not_mend_is_said_at_once(clock: list[float], code: int) -> None:
    def act() -> None:
        raise OSError(code, "never")

    with pytest.raises(StorageError, match=r"^here: no \(never\)$"):
        patiently(act, "here: no")
    assert clock == [0.0]


@pytest.mark.parametrize("error", [FileNotFoundError("a"), FileExistsError("a"), StorageError("a"), ValueError("a")])
def test_other_errors_are_not_waited_for(clock: list[float], error: Exception) -> None:
    def act() -> None:
        raise error

    with pytest.raises(type(error), match=r"^a$"):
        patiently(act, "here: no")
    assert clock == [0.0]
