"""The same study through Ray ends in the same tables."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import SimpleQueue
from types import SimpleNamespace
from typing import Any, TypeVar

import pandas as pd
import pytest
import ray
from hypothesis import given
from hypothesis import strategies as st
from typing_extensions import override

from raysweep.errors import UserError
from raysweep.execution.agenda import Agenda, extend
from raysweep.execution.cluster.backend import LOSSES, RayBackend, _Halt, _Watcher, check_resources, left_by
from raysweep.execution.cluster.connect import connected
from raysweep.execution.cluster.trainables import to_config
from raysweep.execution.pipeline import run_study
from raysweep.execution.plan import make_plan
from raysweep.execution.tasks import RETRIES, TrainTask, Workplace
from raysweep.results.names import CHECKPOINT, MODEL, shard_file, trial_file
from raysweep.results.patience import StorageError
from raysweep.study import Resources, Study
from raysweep.study.data import Digits
from support.runs import Recorder, tables
from support.small_study import STUDY

Test = TypeVar("Test", bound=Callable[..., None])
FACTS = STUDY.data.facts(Path())


def on_ray(test: Test) -> Test:
    """Marks a test that needs a cluster."""
    for mark in (pytest.mark.ray, pytest.mark.slow, pytest.mark.usefixtures("cluster")):
        test = mark(test)
    return test


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    with connected(None) as where:
        yield where


@pytest.fixture(scope="module")
def finished(cluster: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Results of the small study through Ray, which no test may change."""
    folder = tmp_path_factory.mktemp("finished")
    run(folder)
    return folder


def run(folder: Path, study: Study = STUDY, recorder: Recorder | None = None) -> None:
    run_study(study, Workplace(folder, folder), RayBackend(), recorder or Recorder(), ["train", "measure"])


@on_ray
def test_ray_and_one_process_give_the_same_tables(finished: Path, small_results: Path) -> None:
    through_ray, in_one_process = tables(finished), tables(small_results)
    assert len(through_ray["reconstruction"]) > 0
    for name, table in through_ray.items():
        pd.testing.assert_frame_equal(table, in_one_process[name], check_exact=True)


@on_ray
def test_processes_go_on_with_the_next_trial(finished: Path) -> None:
    schedule = Workplace(finished, finished).store.table("schedule")
    training = schedule[schedule["work"] == "train"]
    assert len(training) == len(STUDY.trials)
    cores = int(ray.cluster_resources()["CPU"])
    assert training["process"].nunique() <= cores


class SeenError(Exception):
    """What a run was for has happened."""


class UntilMeasured(Recorder):
    """Ends the run when a shard is done."""

    def advance(self, name: str, share: float, node: str, seconds: float) -> None:
        super().advance(name, share, node, seconds)
        if "/" in name and share == 1.0:
            raise SeenError


@on_ray
def test_a_model_is_measured_while_others_train(tmp_path: Path) -> None:
    """Beside a training that would take many minutes."""
    model = STUDY.arms[0].model.model_copy(update={"steps": 20_000})
    long = STUDY.arms[0].model_copy(update={"model": model, "over": {}})
    pca = next(arm for arm in STUDY.arms if arm.model.family == "pca")
    measures = tuple(measure for measure in STUDY.measures if measure.name in {"samples", "weights", "lbfgs"})
    study = STUDY.model_copy(update={"arms": (long, pca), "measures": measures})
    recorder = UntilMeasured()
    with pytest.raises(SeenError):
        run(tmp_path, study, recorder)
    unfinished, measured = study.trials
    assert (unfinished.arm, measured.arm) == (long.name, pca.name)
    assert recorder.shares.get(unfinished.id, 0.0) < 1.0
    assert recorder.shares[measured.id] == 1.0


class Growing(Agenda):
    """As that of a search."""

    @override
    def take_sweep(self) -> list[TrainTask]:
        return []


class Told(Recorder):
    """Remembers every share."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[float] = []

    def advance(self, name: str, share: float, node: str, seconds: float) -> None:
        self.told.append(share)


@on_ray
def test_a_trial_of_a_search_is_seen_to_advance(tmp_path: Path) -> None:
    arm = STUDY.arms[0].model_copy(update={"model": STUDY.arms[0].model.model_copy(update={"steps": 400}), "over": {}})
    agenda, told = Growing(Workplace(tmp_path, tmp_path)), Told()
    study = STUDY.model_copy(update={"arms": (arm,), "seeds": (0,), "measures": ()})
    extend(agenda, make_plan(study, FACTS, agenda.workplace.store), ("train",))
    RayBackend().run(agenda, told)
    assert told.told == sorted(told.told)
    assert told.told[-1] == 1.0
    assert 0.0 < told.told[0] < 1.0


@on_ray
def test_a_failed_trial_and_its_shards_leave_the_others_alone(tmp_path: Path) -> None:
    """A checkpoint that cannot be read fails its trial on every try."""
    measures = tuple(measure for measure in STUDY.measures if measure.name == "samples")
    study = STUDY.model_copy(update={"arms": STUDY.arms[2:3], "seeds": (0, 1), "measures": measures})
    bad = study.trials[0].id
    store = Workplace(tmp_path, tmp_path).store
    store.trials.save_checkpoint(bad, lambda file: file.write(b"not a checkpoint"))
    run(tmp_path, study)
    trials = tables(tmp_path)["trials"].set_index("trial")
    assert trials.loc[bad, "status"] == "failed"
    assert "checkpoint.pt: holds more than tensors" in trials.loc[bad, "reason"]
    assert (trials.drop(bad)["status"] == "finished").all()
    assert bad not in set(tables(tmp_path)["samples"]["trial"])
    store.folder.delete(trial_file(bad, CHECKPOINT))
    run(tmp_path, study)
    assert set(tables(tmp_path)["trials"]["status"]) == {"finished"}


@on_ray
def test_a_failed_shard_is_recorded_after_its_retries(finished: Path, tmp_path: Path) -> None:
    results = Path(shutil.copytree(finished, tmp_path / "results"))
    store = Workplace(results, results).store
    m, trial, shard = next(item for item in STUDY.measurements(FACTS) if item[0].name == "samples")
    key = STUDY.measure_key(m)
    store.folder.delete(shard_file(key, trial.id, shard))
    weights = store.trials.read_model(trial.id)
    store.folder.write(trial_file(trial.id, MODEL), lambda file: file.write(b"not a model"))
    run(results)
    failures = tables(results)["failures"]
    assert list(failures["trial"]) == [trial.id]
    assert "model.pt: holds more than tensors" in failures["reason"].iloc[0]
    store.folder.write(trial_file(trial.id, MODEL), lambda file: file.write(weights))
    run(results)
    pd.testing.assert_frame_equal(tables(results)["samples"], tables(finished)["samples"])


@on_ray
def test_more_than_any_node_has_is_refused_at_once() -> None:
    trial = STUDY.trials[1].model_copy(update={"resources": Resources(cpus=10_000)})
    with pytest.raises(UserError, match="asks for 10000 cores"):
        check_resources([trial])


@on_ray
def test_gpus_are_not_asked_for_where_there_are_none() -> None:
    check_resources([STUDY.trials[1].model_copy(update={"resources": Resources(cpus=1, gpus=8), "data": Digits()})])


ONE = Resources(cpus=1, gpus=1)
QUARTER = Resources(cpus=1, gpus=0.25)


def test_trials_come_before_tasks() -> None:
    assert left_by([], {"CPU": 4.0, "GPU": 2.0}) == {"CPU": 4.0, "GPU": 2.0}
    assert left_by([ONE], {"CPU": 4.0, "GPU": 2.0}) == {"CPU": 3.0, "GPU": 1.0}
    assert left_by([ONE] * 2, {"CPU": 4.0, "GPU": 2.0}) == {"CPU": 2.0, "GPU": 0.0}


def test_trials_that_wait_for_a_gpu_leave_the_cores_that_they_cannot_use() -> None:
    assert left_by([ONE] * 100, {"CPU": 16.0, "GPU": 2.0}) == {"CPU": 14.0, "GPU": 0.0}


def test_what_is_left_of_a_gpu_is_kept_for_the_trial_that_waits_for_one() -> None:
    assert left_by([QUARTER, ONE], {"CPU": 4.0, "GPU": 1.0}) == {"CPU": 3.0, "GPU": 0.0}


def test_gpus_do_not_matter_where_there_are_none() -> None:
    assert left_by([ONE], {"CPU": 2.0}) == {"CPU": 1.0, "GPU": 0.0}


@given(st.lists(st.builds(Resources, cpus=st.integers(1, 4), gpus=st.sampled_from([0.0, 0.25, 0.5, 1.0]))))
def test_no_more_is_left_than_the_trials_that_fit_leave(trials: list[Resources]) -> None:
    cluster = {"CPU": 8.0, "GPU": 2.0}
    room = left_by(trials, cluster)
    assert all(0.0 <= room[name] <= cluster[name] for name in cluster)
    if sum(each.cpus for each in trials) <= 8 and sum(each.gpus for each in trials) <= 2:
        assert room == {"CPU": 8.0 - sum(each.cpus for each in trials), "GPU": 2.0 - sum(each.gpus for each in trials)}


TRIAL = next(trial for trial in STUDY.trials if trial.arm == "pca")


@pytest.fixture
def task(tmp_path: Path) -> TrainTask:
    return TrainTask(TRIAL, Workplace(str(tmp_path), tmp_path), 60.0, 1.0)


@pytest.mark.parametrize("erring", [False, True])
def test_a_trial_may_lose_its_process_more_often_than_it_may_err(erring: bool, task: TrainTask) -> None:
    watcher = _Watcher([task], SimpleQueue())
    trial = SimpleNamespace(config={"task": to_config(task)}, num_failures=0, max_failures=LOSSES)
    if erring:
        task.workplace.store.trials.fail(TRIAL.id, "wrong")
    while trial.num_failures < trial.max_failures:
        trial.num_failures += 1
        watcher.on_trial_recover(0, [], trial)
    assert trial.num_failures == (RETRIES if erring else LOSSES)


def test_all_trials_stop_when_one_cannot_write_or_the_tasks_cannot_go_on() -> None:
    tasks: Any = SimpleNamespace(problem=None)
    halt = _Halt(tasks)
    halt("trial", {"share": 0.5})
    assert not halt.stop_all()
    halt("trial", {"share": 0.5, "halt": "the disk is full"})
    assert halt.stop_all()
    halt = _Halt(tasks)
    tasks.problem = StorageError("the disk is full")
    assert halt.stop_all()
