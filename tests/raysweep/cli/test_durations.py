import pytest

from raysweep.cli.durations import clock, in_unit, roughly


def test_time_that_has_passed() -> None:
    assert [clock(seconds) for seconds in (0.4, 59.6, 3723)] == ["0:00", "1:00", "1:02:03"]


def test_estimates_are_rounded() -> None:
    said = {
        0: "5 s",
        43: "45 s",
        87: "85 s",
        100: "1.5 min",
        599: "10 min",
        2400: "40 min",
        12_600: "3.5 h",
        1e5: "28 h",
    }
    assert {seconds: roughly(seconds) for seconds in said} == said


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        *((0, "0 s"), (1.44e-5, "< 0.001 s"), (0.001, "0.001 s"), (0.013, "0.013 s"), (59, "59 s")),
        *((180, "3 min"), (3599.64, "1 h"), (4_443_840, "1,234 h")),
    ],
)
def test_costs(seconds: float, text: str) -> None:
    assert in_unit(seconds) == text
