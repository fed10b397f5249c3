"""The share of a GPU that each piece of work gets, by its measured need of memory instead of a guess.

Work that may share a GPU (`gpus` below 1) is measured; work that asks for whole GPUs gets them. Training is measured
before it starts, each distinct shape of a model for some steps on a GPU of its own; a shard of a measure, and a trial
of a search, while it runs. The study's own `gpus` hold where nothing was measured yet, and where there is no CUDA.
"""

import functools
import gc
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import ray
import torch
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from raysweep.data import load_data
from raysweep.execution.cluster.memory import bytes_besides_pytorch, peak_memory, train_briefly
from raysweep.execution.cluster.remote import choose_device
from raysweep.execution.tasks import MeasureTask, PrepareTask, Task, TrainTask, Workplace
from raysweep.results.store import StudyStore
from raysweep.study.base import short_hash
from raysweep.study.core import Resources, Trial
from raysweep.study.data import DataFacts, DataSettings

SAFETY = 1.2
"""Headroom above the measured memory, for later steps, other images and fragmentation."""
GRID = 0.05
"""Shares are multiples of it, so that at most 20 pieces of work run on a GPU."""
CONTEXT = 2**30
"""Bytes of a GPU that a process takes in addition to its tensors, until that is measured."""
OUT_OF_MEMORY = torch.OutOfMemoryError.__name__
"""How the reason of such a failure begins."""
PROBE_SECONDS = 300.0
"""How long measuring may take, a wait for a free GPU with it."""


def gpu_share(need: int, total: int) -> float:
    """The share of a GPU of `total` bytes for work that needs `need`: rounded up to the grid, and never above 1."""
    steps = math.ceil(round(need * SAFETY / total / GRID, 6))
    return min(1.0, round(max(1, steps) * GRID, 6))


def shape(trial: Trial, facts: DataFacts) -> str:
    """Names what determines the memory of training: the networks, the batch and the data, not λ, c or the seed."""
    model = trial.model
    content = [model.family, repr(model.networks(facts)), model.images_per_step, model.values_to_continue(facts)]
    return f"{trial.arm}-{short_hash([*content, repr(facts)])}"


@dataclass
class Packing:
    """The measured needs of a study, and the shares that follow from them."""

    needs: dict[str, int] = field(default_factory=dict)
    """Bytes in addition to the context, by the shape of the model that is trained, or by measure and arm."""
    context: int = CONTEXT
    smallest: int = 0
    """Bytes of the smallest GPU seen; 0 while none is known."""
    store: StudyStore | None = None
    """Where needs are kept, so that each is measured once for a study; known with the first piece of work."""
    _alone: set[str] = field(default_factory=set)
    """Names of the needs that ran out of memory: each gets a GPU of its own."""

    def measure(self, training: Sequence[TrainTask]) -> None:
        """Measures the memory that training these trials needs, unless it is known from an earlier run."""
        if not ray.cluster_resources().get("GPU"):
            return
        shapes = {task.trial.id: _shape(task) for task in training if may_share(task.trial.resources)}
        if shapes:
            store = training[0].workplace.store
            self._open(store)
            failures = store.trials.failures(shapes)
            self._alone = {shapes[trial] for trial, reason in failures.items() if OUT_OF_MEMORY in reason}
            new = {shapes[task.trial.id]: task.trial for task in training if task.trial.id in shapes}
            self._probe({name: trial for name, trial in new.items() if name not in self.needs}, training[0].workplace)

    def trained(self, task: TrainTask) -> TrainTask:
        """The task with the share of a GPU that it needs."""
        if not may_share(task.trial.resources):
            return task
        resources = self._with_share(task.trial.resources, _shape(task))
        return replace(task, trial=task.trial.model_copy(update={"resources": resources}))

    def resources(self, task: Task) -> Resources:
        """What a task occupies."""
        if isinstance(task, PrepareTask):
            return Resources()
        self._open(task.workplace.store)
        return self._with_share(task.trial.resources, _measured(task))

    def learn(self, task: Task, held: int, total: int) -> None:
        """Notes the memory that a task held on a GPU of `total` bytes; 0 of 0 without a GPU."""
        if not total or isinstance(task, PrepareTask):
            return
        self._open(task.workplace.store)
        self.smallest = min(self.smallest or total, total)
        if held > self.needs.get(_measured(task), 0):
            self.needs[_measured(task)] = held
            self._save()

    def exceeded(self, task: Task) -> None:
        """Notes that a task ran out of memory: tasks like it get a GPU of their own from now on."""
        if isinstance(task, MeasureTask):
            self._alone.add(_measured(task))

    def _with_share(self, resources: Resources, name: str) -> Resources:
        if not may_share(resources):
            return resources
        if name in self._alone:
            share = 1.0
        elif self.smallest and name in self.needs:
            share = gpu_share(self.needs[name] + self.context, self.smallest)
        else:
            return resources
        return resources.model_copy(update={"gpus": share})

    def _open(self, store: StudyStore) -> None:
        """Takes up what earlier runs have measured."""
        if self.store is None:
            self.store, known = store, store.assets.load_memory()
            self.needs = known.get("needs", {})
            self.context = known.get("context", CONTEXT)

    def _probe(self, trials: Mapping[str, Trial], workplace: Workplace) -> None:
        """Measures each of the trials on one node of every kind of GPU; the largest need counts."""
        pending = [
            _measure_memory.options(scheduling_strategy=NodeAffinitySchedulingStrategy(node, soft=False)).remote(
                trials, workplace.data
            )
            for node in one_node_of_each_kind(ray.nodes())
        ]
        done, late = ray.wait(pending, num_returns=len(pending), timeout=PROBE_SECONDS) if pending else ([], [])
        for reference in late:
            ray.cancel(reference, force=True)
        found = [probe for probe in (_probed(reference) for reference in done) if probe is not None]
        if not found:
            return
        self.smallest = min(probe.total for probe in found)
        if trials:
            self.context = max(probe.context for probe in found)
            self.needs.update({name: max(probe.held[name] for probe in found) for name in trials})
            self._save()

    def _save(self) -> None:
        assert self.store is not None
        self.store.assets.save_memory({"needs": self.needs, "context": self.context})


def may_share(resources: Resources) -> bool:
    """Whether work may have less than a GPU."""
    return 0 < resources.gpus < 1


def one_node_of_each_kind(nodes: Iterable[Mapping[str, Any]]) -> list[str]:
    """Ids of nodes with GPUs, one for each kind that Ray tells apart."""
    kinds: dict[str, str] = {}
    for node in nodes:
        resources = node["Resources"]
        if node["Alive"] and resources.get("GPU", 0) >= 1:
            kind = next((name for name in resources if name.startswith("accelerator_type:")), "")
            kinds.setdefault(kind, node["NodeID"])
    return list(kinds.values())


@dataclass(frozen=True)
class Probe:
    """What was measured on a GPU, in bytes."""

    total: int
    context: int
    held: Mapping[str, int]
    """By the names of the trials; all of the GPU if that was not enough."""


def measure_memory(trials: Mapping[str, Trial], data: Path) -> Probe | None:
    """The memory of each trial's training, measured in this process, which has a GPU to itself; None without CUDA."""
    device = choose_device()
    if device.type != "cuda":
        return None
    held, context, total = {}, 0, torch.cuda.get_device_properties(device).total_memory
    for name, trial in trials.items():
        gc.collect()  # memory that the trial before left in reference cycles would count
        torch.cuda.empty_cache()
        try:
            with peak_memory(device) as peak:
                train_briefly(trial, load_data(trial.data, data), device)
                context = max(context, bytes_besides_pytorch(device))
            held[name] = peak.held
        except torch.OutOfMemoryError:
            held[name] = total
    return Probe(total, context, held)


_measure_memory = ray.remote(num_cpus=1, num_gpus=1, max_calls=1, max_retries=1)(measure_memory)


def _probed(reference: Any) -> Probe | None:
    """The measured memory; None if measuring failed. The training that follows records why."""
    try:
        probe: Probe | None = ray.get(reference)
    except ray.exceptions.RayError:
        return None
    return probe


def _shape(task: TrainTask) -> str:
    return shape(task.trial, _facts(task.trial.data, task.workplace.data))


@functools.cache
def _facts(data: DataSettings, folder: Path) -> DataFacts:
    """Facts of a data set, whose files are counted once."""
    return data.facts(folder)


def _measured(task: TrainTask | MeasureTask) -> str:
    return _shape(task) if isinstance(task, TrainTask) else task.kind
