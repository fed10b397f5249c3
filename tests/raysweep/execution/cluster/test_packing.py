"""Shares of a GPU from measured memory. The GPUs are declared: what CUDA would answer is written here."""

import math
import os
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
import ray
import torch
from hypothesis import given
from hypothesis import strategies as st

from raysweep.execution.cluster import backend, batches
from raysweep.execution.cluster import packing as packing_module
from raysweep.execution.cluster.backend import RayBackend
from raysweep.execution.cluster.packing import (
    CONTEXT,
    GRID,
    SAFETY,
    Packing,
    Probe,
    gpu_share,
    measure_memory,
    one_node_of_each_kind,
    shape,
)
from raysweep.execution.cluster.remote import gpu_task, on_gpu
from raysweep.execution.pipeline import run_study
from raysweep.execution.tasks import MeasureTask, PrepareTask, TrainTask, Workplace
from raysweep.study import Arm, Digits, Reconstruction, Resources, Samples, Study, Vae, WganGp
from raysweep.study.measures import Shard
from support.runs import Recorder
from support.small_study import STUDY

GIB = 2**30
TRIALS = STUDY.trials


def train_task(folder: Path, gpus: float = 0.25, index: int = 1) -> TrainTask:
    trial = TRIALS[index].model_copy(update={"resources": Resources(gpus=gpus)})
    return TrainTask(trial, Workplace(folder, folder), 60.0, 1.0)


def measure_task(folder: Path, gpus: float = 0.25) -> MeasureTask:
    trial = train_task(folder, gpus).trial
    return MeasureTask(Samples(), "samples-1a2b3c", trial, Shard("a", 0, 1), None, None, Workplace(folder, folder), 1.0)


@given(st.integers(1, 100 * GIB), st.integers(GIB, 200 * GIB))
def test_as_many_as_share_a_gpu_find_room_on_it(need: int, total: int) -> None:
    share = gpu_share(need, total)
    together = math.floor(1 / share + 1e-9)
    assert share / GRID == pytest.approx(round(share / GRID))
    assert GRID <= share <= 1
    if share < 1:
        assert together * need * SAFETY <= total * (1 + 1e-5)
        assert share < need * SAFETY / total + GRID + 1e-5  # and none is wasted


def test_equal_shapes_need_the_same_memory() -> None:
    """What changes no tensor's size is not measured again."""
    facts = STUDY.data.facts(Path())
    arm = Arm(model=WganGp(steps=10, width=4, batch=16), over={"latent_dim": (2, 4)})
    study = Study(name="s", title="t", question="q", data=Digits(), arms=(arm,), seeds=(0, 1))
    two, again, four, _ = study.trials
    assert shape(two, facts) == shape(again, facts) != shape(four, facts)
    slower = two.model_copy(update={"model": WganGp(steps=99, width=4, batch=16, latent_dim=2, learning_rate=0.1)})
    larger = two.model_copy(update={"model": WganGp(steps=10, width=4, batch=32, latent_dim=2)})
    assert shape(slower, facts) == shape(two, facts) != shape(larger, facts)


def test_the_declared_share_holds_until_something_is_known(tmp_path: Path) -> None:
    packing = Packing()
    task = measure_task(tmp_path)
    assert packing.resources(task).gpus == 0.25
    packing.learn(task, 0, 0)  # it ran without a GPU
    assert packing.resources(task).gpus == 0.25
    assert packing.trained(train_task(tmp_path)) == train_task(tmp_path)
    packing.exceeded(task)
    assert packing.resources(task).gpus == 1.0


def test_a_measure_gets_what_its_shards_were_seen_to_hold(tmp_path: Path) -> None:
    packing, task = Packing(), measure_task(tmp_path)
    packing.learn(task, 4 * GIB, 40 * GIB)
    assert packing.resources(task).gpus == gpu_share(4 * GIB + CONTEXT, 40 * GIB) == 0.15
    packing.learn(task, 2 * GIB, 40 * GIB)  # a smaller shard takes nothing back
    assert packing.resources(task).gpus == 0.15
    packing.learn(task, 9 * GIB, 24 * GIB)
    assert packing.resources(task).gpus == gpu_share(10 * GIB, 24 * GIB) == 0.5
    packing.exceeded(task)
    assert packing.resources(task).gpus == 1.0


def test_training_that_ran_out_of_memory_gets_a_gpu_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packing_module.ray, "cluster_resources", lambda: {"GPU": 2.0})
    monkeypatch.setattr(packing_module.ray, "nodes", list)  # none of them is there yet to measure on
    task, other = train_task(tmp_path), train_task(tmp_path, index=3)
    task.workplace.store.trials.fail(task.trial.id, "OutOfMemoryError: CUDA out of memory. Tried to allocate 2 GiB")
    task.workplace.store.trials.fail(other.trial.id, "RuntimeError: lost")
    packing = Packing()
    packing.measure([task, other])
    assert packing.trained(task).trial.resources.gpus == 1.0
    assert packing.trained(other) == other


def test_whole_gpus_are_left_whole(tmp_path: Path) -> None:
    packing, task = Packing(), measure_task(tmp_path, gpus=1.0)
    packing.learn(task, GIB, 40 * GIB)
    assert packing.resources(task).gpus == 1.0
    assert packing.resources(measure_task(tmp_path, gpus=0.0)).gpus == 0.0
    assert packing.resources(PrepareTask(Samples(), "k", None, Digits(), task.workplace)) == Resources()


def test_what_was_measured_is_kept_with_the_results(tmp_path: Path) -> None:
    first, task = Packing(), measure_task(tmp_path)
    first.learn(task, 4 * GIB, 40 * GIB)
    later = Packing(smallest=80 * GIB)
    assert later.resources(task).gpus == gpu_share(4 * GIB + CONTEXT, 80 * GIB) == 0.1


def test_one_node_of_every_kind_of_gpu_is_asked() -> None:
    def node(name: str, kind: str, gpus: float = 8, alive: bool = True) -> dict[str, object]:
        return {"NodeID": name, "Alive": alive, "Resources": {"CPU": 8, "GPU": gpus, f"accelerator_type:{kind}": 1}}

    nodes = [node("a", "H100"), node("b", "H100"), node("c", "A10G"), node("d", "T4", alive=False), node("e", "L4", 0)]
    assert one_node_of_each_kind([*nodes, {"NodeID": "f", "Alive": True, "Resources": {"CPU": 4}}]) == ["a", "c"]


@pytest.mark.slow
def test_training_is_measured_one_shape_after_another(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """On a pretended GPU: its peak is taken for each trial anew, and a trial that does not fit needs all of it."""
    cuda, held, emptied = torch.device("cuda", 0), {"small": 2 * GIB, "large": 30 * GIB}, []
    trials = {name: train_task(tmp_path).trial.model_copy(update={"arm": name}) for name in ("small", "huge", "large")}
    running: list[str] = []

    def train(trial: object, *_: object) -> None:
        running.append(trial.arm)  # type: ignore[attr-defined]
        if running[-1] == "huge":
            raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(packing_module, "choose_device", lambda: cuda)
    monkeypatch.setattr(packing_module, "train_briefly", train)
    monkeypatch.setattr(torch.cuda, "init", lambda: None)
    monkeypatch.setattr(torch.cuda, "reset_peak_memory_stats", lambda _: None)
    monkeypatch.setattr(torch.cuda, "max_memory_reserved", lambda _: held.get(running[-1], 40 * GIB))
    monkeypatch.setattr(torch.cuda, "memory_reserved", lambda _: held[running[-1]])
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda _: (40 * GIB - held[running[-1]] - GIB // 2, 40 * GIB))
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda _: SimpleNamespace(total_memory=40 * GIB))
    monkeypatch.setattr(torch.cuda, "empty_cache", lambda: emptied.append(len(running)))
    probe = measure_memory(trials, tmp_path)
    assert probe == Probe(40 * GIB, GIB // 2, {"small": 2 * GIB, "huge": 40 * GIB, "large": 30 * GIB})
    assert emptied == [0, 1, 1, 2, 2, 3]  # before each of them, and after it


@pytest.fixture(scope="module")
def two_gpus() -> Iterator[None]:
    ray.init(
        address="local", num_cpus=4, num_gpus=2, include_dashboard=False, log_to_driver=False, logging_level="ERROR"
    )
    try:
        yield
    finally:
        ray.shutdown()


@pytest.mark.ray
@pytest.mark.slow
def test_shares_fill_the_gpus_and_each_process_sees_its_own(two_gpus: None, tmp_path: Path) -> None:
    packing, task = Packing(), measure_task(tmp_path)
    packing.learn(task, 9 * GIB, 40 * GIB)
    share = packing.resources(task).gpus
    assert share == 0.3

    def where_am_i() -> tuple[int, str, float, float]:  # in here, so that it travels as it is: nodes have no tests
        began = time.time()
        time.sleep(0.5)
        return os.getpid(), os.environ["CUDA_VISIBLE_DEVICES"], began, time.time()

    placed = gpu_task(where_am_i, alone=True).options(num_cpus=0.1, num_gpus=share)
    seen = ray.get([placed.remote() for _ in range(7)])
    by_process, by_gpu = defaultdict(set), defaultdict(list)
    for process, gpu, began, ended in seen:
        by_process[process].add(gpu)
        by_gpu[gpu].append((began, ended))
    assert set(by_gpu) == {"0", "1"}
    assert all(len(gpus) == 1 for gpus in by_process.values())
    for spans in by_gpu.values():
        assert max(sum(began <= moment < ended for began, ended in spans) for moment, _ in spans) <= 3


@pytest.mark.ray
@pytest.mark.slow
def test_a_study_runs_on_shared_gpus(two_gpus: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without CUDA nothing can be measured: the declared shares are placed, and the study is done."""
    monkeypatch.setattr(batches, "SECONDS", math.inf)  # so that a busy machine makes no batch smaller
    monkeypatch.setattr(backend, "WINDOW", 1)  # so that the first shards have not taken all before one has ended
    arm = Arm(model=Vae(steps=5, width=4, batch=16, latent_dim=2), resources=Resources(gpus=0.9))
    reconstruction = Reconstruction(images=5, generated=0, shard=1, foreign=None)
    study = STUDY.model_copy(update={"arms": (arm,), "seeds": (0,), "measures": (Samples(count=4), reconstruction)})
    assert on_gpu(ray.nodes()) is not on_gpu([{"Resources": {"GPU": 1.0}}])
    run_study(study, Workplace(tmp_path, tmp_path), RayBackend(), Recorder(), ["train", "measure"])
    store = Workplace(tmp_path, tmp_path).store
    assert store.table("failures").empty
    assert set(store.table("trials")["status"]) == {"finished"}
    assert store.table("samples")["trial"].nunique() == len(study.seeds)
    assert store.assets.load_memory() == {}
    schedule = store.table("schedule")
    shards = schedule[schedule["work"] == "reconstruction"]
    assert len(shards) == 10
    assert shards["process"].nunique() < len(shards)  # each task has a process of its own, and several shards
