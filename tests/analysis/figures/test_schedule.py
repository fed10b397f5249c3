from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

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
    assert (info.processes, info.nodes) == (2, ("a", "a"))
    assert info.lane.tolist() == [0, 1, 0]
    text = schedule.caption(info)
    assert "50 % of the machine's 2 cores" in text
    assert "train 90 % and samples 10 %" in text


def test_the_search_of_a_tuning_is_not_taken_for_idleness(shared_results: Results) -> None:
    results = with_schedule(shared_results, ("train", "a", 1, 0.0, 10.0, 8.0), cores=2)
    tuned = replace(results, tables={**results.tables, "configurations": pd.DataFrame({"configuration": ["c0"]})})
    text = schedule.caption(schedule.infos(tuned)[0])
    assert "8 s of processor time, all of it on fresh seeds: the search is not shown" in text
    assert "busy" not in text


def test_the_drivers_cores_say_nothing_about_other_nodes(shared_results: Results) -> None:
    rows = (("train", "a", 1, 0.0, 10.0, 8.0), ("train", "b", 1, 0.0, 10.0, 8.0))
    (info,) = schedule.infos(with_schedule(shared_results, *rows, cores=2))
    assert info.cores is None
    assert "on 2 nodes" in schedule.caption(info)


def test_processes_that_follow_one_another_share_a_lane_of_their_node(shared_results: Results) -> None:
    rows = (
        ("train", "b", 1, 0.0, 10.0, 8.0),
        ("train", "a", 1, 0.0, 30.0, 8.0),
        ("samples", "b", 1, 12.0, 3.0, 1.0),
        ("train", "b", 2, 13.0, 7.0, 8.0),  # while process 1 has more to do
        ("samples", "b", 3, 20.0, 5.0, 1.0),
    )
    (info,) = schedule.infos(with_schedule(shared_results, *rows))
    assert info.nodes == ("a", "b", "b")
    lanes = dict(zip(info.start.tolist(), info.lane.tolist(), strict=True))
    assert (lanes[12.0], lanes[13.0], lanes[20.0]) == (1, 2, 1)
    assert sorted(info.lane[info.start == 0].tolist()) == [0, 1]
    assert "share a lane (4 in all), on 2 nodes" in schedule.caption(info)


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 9), st.integers(0, 50), st.integers(1, 9))))
def test_no_two_processes_are_in_one_lane_at_a_time(pieces: list[tuple[str, int, int, int]]) -> None:
    pieces = sorted(pieces, key=lambda piece: piece[2])
    owners = [(node, process) for node, process, _, _ in pieces]
    start = np.array([begin for _, _, begin, _ in pieces], float)
    end = start + np.array([wall for _, _, _, wall in pieces], float)
    lanes, nodes = schedule.lanes_of(owners, start, end)
    assert set(lanes) == set(owners)
    spans = {
        owner: (
            min(start[i] for i, of in enumerate(owners) if of == owner),
            max(end[i] for i, of in enumerate(owners) if of == owner),
        )
        for owner in lanes
    }
    for owner, lane in lanes.items():
        assert nodes[lane] == owner[0]
        for other in lanes.keys() - {owner}:
            (a, b), (c, d) = spans[owner], spans[other]
            assert lane != lanes[other] or b <= c or d <= a
    # As few lanes as processes at a time, at the fullest moment of each node.
    for node in set(nodes):
        own = [span for (of, _), span in spans.items() if of == node]
        assert nodes.count(node) == max(sum(a <= at < b for a, b in own) for at, _ in own)


def test_no_work_draws_nothing(shared_results: Results) -> None:
    assert schedule.infos(with_schedule(shared_results)) == ()


def test_work_of_the_pretended_run(make_results: Callable[..., Results]) -> None:
    (info,) = schedule.infos(make_results())
    assert info.processes == 2
    assert info.busy == pytest.approx(info.cpu.sum() / info.seconds)
