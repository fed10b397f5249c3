"""The simulator against what is known in closed form, and against bounds that every schedule obeys."""

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.cluster_simulation import Job, Overheads, lower_bound, simulate, workload
from raysweep.study.cost import measure_cost, trial_cost
from support.small_study import STUDY

SECONDS = st.floats(0.1, 100, allow_subnormal=False)


@given(count=st.integers(1, 30), gpus=st.integers(1, 20), seconds=SECONDS)
def test_identical_jobs_go_in_rounds(count: int, gpus: int, seconds: float) -> None:
    outcome = simulate([Job(str(number), seconds) for number in range(count)], {}, gpus)
    rounds = math.ceil(count / gpus)
    assert outcome.seconds == pytest.approx(rounds * seconds)
    assert outcome.idle == pytest.approx(1 - count / (rounds * gpus), abs=1e-9)


@given(training=st.lists(SECONDS, min_size=1, max_size=8), shards=st.lists(SECONDS, max_size=8))
def test_one_gpu_works_without_a_pause(training: list[float], shards: list[float]) -> None:
    trials = [Job(str(number), seconds) for number, seconds in enumerate(training)]
    measured = {"0": [Job("0", seconds) for seconds in shards]}
    outcome = simulate(trials, measured, 1)
    assert outcome.seconds == pytest.approx(sum(training) + sum(shards))
    assert outcome.idle == pytest.approx(0, abs=1e-9)


def test_two_halves_share_a_gpu() -> None:
    halves = [Job(str(number), 3.0, gpus=0.5) for number in range(4)]
    assert simulate(halves, {}, 1).seconds == 6.0
    assert simulate(halves, {}, 2).seconds == 3.0


def test_shards_need_not_wait_for_the_last_trial() -> None:
    """Two GPUs; trials of 10 s and 1 s; nine shards of 1 s of the short one, and one of the long one."""
    trials = [Job("long", 10.0), Job("short", 1.0)]
    shards = {"long": [Job("long", 1.0)], "short": [Job("short", 1.0)] * 9}
    assert simulate(trials, shards, 2).seconds == 11.0  # the nine beside the long trial, then its own
    assert simulate(trials, shards, 2, at_once=False).seconds == 15.0  # ten shards on two GPUs, after the long trial


def test_shards_leave_a_waiting_trial_its_gpu() -> None:
    trials = [Job("a", 2.0), Job("b", 1.0)]
    assert simulate(trials, {"a": [Job("a", 5.0)], "b": []}, 1).seconds == 8.0
    first = simulate(trials, {"a": [Job("a", 5.0)] * 2, "b": []}, 1)
    assert [moment for moment, _ in first.steps] == [0.0, 2.0, 3.0, 8.0, 13.0]  # b before the shards of a


def test_a_model_travels_once_to_each_node() -> None:
    outcome = simulate([Job("a", 1.0)], {"a": [Job("a", 1.0)] * 40}, 20)
    assert outcome.transfers == {"a": {0, 1, 2}}  # twenty GPUs are three nodes


@given(
    trials=st.lists(st.tuples(SECONDS, st.lists(SECONDS, max_size=6)), min_size=1, max_size=8),
    gpus=st.integers(1, 10),
    at_once=st.booleans(),
)
def test_no_schedule_beats_the_bound(trials: list[tuple[float, list[float]]], gpus: int, at_once: bool) -> None:
    training = [Job(str(number), seconds) for number, (seconds, _) in enumerate(trials)]
    shards = {str(number): [Job(str(number), s) for s in group] for number, (_, group) in enumerate(trials)}
    outcome = simulate(training, shards, gpus, at_once)
    total = sum(job.seconds for job in training) + sum(sum(group) for _, group in trials)
    assert outcome.seconds >= lower_bound(training, shards, gpus) - 1e-6
    assert outcome.busy == pytest.approx(total)
    assert outcome.seconds <= total + 1e-6


@given(seconds=st.lists(SECONDS, min_size=1, max_size=20), gpus=st.integers(1, 6))
def test_lists_keep_the_bound_of_graham(seconds: list[float], gpus: int) -> None:
    """No list takes longer than all work shared out, and the longest job's rest.

    Source: Graham (1969), "Bounds on multiprocessing timing anomalies".
    """
    outcome = simulate([Job(str(number), value) for number, value in enumerate(seconds)], {}, gpus)
    assert outcome.seconds <= sum(seconds) / gpus + (1 - 1 / gpus) * max(seconds) + 1e-6


def test_a_study_becomes_its_trials_and_shards() -> None:
    facts = STUDY.data.facts(Path())
    overheads = Overheads()
    work = workload(STUDY, 1e9, 120.0, overheads)
    trial = STUDY.trials[1]
    shards = sum(len(measure_cost(m, trial, facts)) for m in STUDY.measures if STUDY.applies(m, trial.arm, trial.model))
    assert len(work.training) == len(STUDY.trials)
    assert len(work.shards[trial.id]) == shards
    job = next(job for job in work.training if job.trial == trial.id)
    cost = trial_cost(trial, facts)
    saved = cost.model_bytes / overheads.node_bandwidth
    assert job.seconds == pytest.approx(overheads.process + cost.flop / (1e9 * trial.resources.gpus) + saved)


def test_a_process_computes_shards_of_a_measure_for_half_a_minute() -> None:
    facts, trial, measure = STUDY.data.facts(Path()), STUDY.trials[1], STUDY.measures[0]
    study = STUDY.model_copy(update={"measures": (measure,)})
    flop = sum(measure_cost(measure, trial, facts).values())
    count = len(measure_cost(measure, trial, facts))
    overheads = Overheads(shard=0.0, process=10.0, node_bandwidth=math.inf)
    assert count == 5

    def spent(seconds: float) -> float:
        work = workload(study, flop / trial.resources.gpus / seconds, 120.0, overheads)
        return sum(job.seconds for job in work.shards[trial.id])

    assert spent(29.0) == pytest.approx(29 + 10)
    assert spent(61.0) == pytest.approx(61 + 3 * 10)
    assert spent(1e6) == pytest.approx(1e6 + 5 * 10)


def test_checkpoints_are_counted() -> None:
    costs = [trial_cost(trial, STUDY.data.facts(Path())) for trial in STUDY.trials]
    seconds = [cost.flop / (1e9 * trial.resources.gpus) for cost, trial in zip(costs, STUDY.trials, strict=True)]
    interval = max(seconds) / 3.5
    work = workload(STUDY, 1e9, interval, Overheads())
    written = [int(spent // interval) for spent in seconds]
    assert max(written) == 3
    assert work.checkpoints == sum(written)
    assert work.checkpoint_bytes == sum(n * cost.checkpoint_bytes for n, cost in zip(written, costs, strict=True))
