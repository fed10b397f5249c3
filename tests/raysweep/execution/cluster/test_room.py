"""What trials leave of a cluster for tasks."""

from hypothesis import given
from hypothesis import strategies as st

from raysweep.execution.cluster.backend import beside
from raysweep.study import Resources

ONE = Resources(cpus=1, gpus=1)
QUARTER = Resources(cpus=1, gpus=0.25)


def test_trials_come_before_tasks() -> None:
    assert beside([], {"CPU": 4.0, "GPU": 2.0}) == {"CPU": 4.0, "GPU": 2.0}
    assert beside([ONE], {"CPU": 4.0, "GPU": 2.0}) == {"CPU": 3.0, "GPU": 1.0}
    assert beside([ONE] * 2, {"CPU": 4.0, "GPU": 2.0}) == {"CPU": 2.0, "GPU": 0.0}


def test_trials_that_wait_for_a_gpu_leave_the_cores_that_they_cannot_use() -> None:
    assert beside([ONE] * 100, {"CPU": 16.0, "GPU": 2.0}) == {"CPU": 14.0, "GPU": 0.0}


def test_what_is_left_of_a_gpu_is_kept_for_the_trial_that_waits_for_one() -> None:
    assert beside([QUARTER, ONE], {"CPU": 4.0, "GPU": 1.0}) == {"CPU": 3.0, "GPU": 0.0}


def test_gpus_do_not_matter_where_there_are_none() -> None:
    assert beside([ONE], {"CPU": 2.0}) == {"CPU": 1.0, "GPU": 0.0}


@given(st.lists(st.builds(Resources, cpus=st.integers(1, 4), gpus=st.sampled_from([0.0, 0.25, 0.5, 1.0]))))
def test_no_more_is_left_than_the_trials_that_fit_leave(trials: list[Resources]) -> None:
    cluster = {"CPU": 8.0, "GPU": 2.0}
    room = beside(trials, cluster)
    assert all(0.0 <= room[name] <= cluster[name] for name in cluster)
    if sum(each.cpus for each in trials) <= 8 and sum(each.gpus for each in trials) <= 2:
        assert room == {"CPU": 8.0 - sum(each.cpus for each in trials), "GPU": 2.0 - sum(each.gpus for each in trials)}
