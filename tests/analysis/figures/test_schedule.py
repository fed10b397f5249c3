from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from analysis.figures import schedule
from analysis.results import Results


def with_schedule(results: Results, *rows: tuple[str, str, int, float, float, float], **environment: object) -> Results:
    columns = ["work", "node", "process", "started", "wall", "cpu"]
    table = pd.DataFrame(rows, columns=columns).assign(trial="t", shard="")
    return replace(results, tables={**results.tables, "schedule": table}, environment=environment)


def test_pauses_between_runs_are_cut_out() -> None:
    started = np.array([0.0, 5.0, 1000.0, 1010.0])
    wall = np.array([20.0, 5.0, 10.0, 10.0])
    start, pauses = schedule.without_pauses(started, wall)
    # The first run ends at 20 s, so the second starts there.
    np.testing.assert_allclose(start, [0, 5, 20, 30])
    assert pauses == (20.0,)


def test_short_pauses_stay() -> None:
    start, pauses = schedule.without_pauses(np.array([0.0, 50.0]), np.array([10.0, 10.0]))
    np.testing.assert_allclose(start, [0, 50])
    assert pauses == ()


def test_processor_time_and_its_share(shared_results: Results) -> None:
    results = with_schedule(
        shared_results,
        ("train", "a", 1, 100.0, 10.0, 8.0),
        ("train", "a", 2, 100.0, 10.0, 10.0),
        ("samples", "a", 1, 110.0, 10.0, 2.0),
        cores=2,
    )
    (info,) = schedule.infos(results)
    assert info.seconds == 20.0
    assert info.busy == pytest.approx(1.0)
    assert info.processes == (("a", 1), ("a", 2))
    assert info.lane.tolist() == [0, 1, 0]
    text = schedule.caption(info)
    assert "50 % of the machine's 2 cores" in text
    assert "train 90 % and samples 10 %" in text


def test_the_drivers_cores_say_nothing_about_other_nodes(shared_results: Results) -> None:
    rows = (("train", "a", 1, 0.0, 10.0, 8.0), ("train", "b", 1, 0.0, 10.0, 8.0))
    (info,) = schedule.infos(with_schedule(shared_results, *rows, cores=2))
    assert info.cores is None
    assert "on 2 nodes" in schedule.caption(info)


def test_no_work_draws_nothing(shared_results: Results) -> None:
    assert schedule.infos(with_schedule(shared_results)) == ()


def test_work_of_the_pretended_run(make_results: Callable[..., Results]) -> None:
    (info,) = schedule.infos(make_results())
    assert len(info.processes) == 2
    assert info.busy == pytest.approx(info.cpu.sum() / info.seconds)
