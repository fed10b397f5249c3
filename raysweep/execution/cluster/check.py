"""Whether every node of a cluster can do the work: one task on each of them looks."""

import uuid
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from raysweep.errors import UserError
from raysweep.execution.machine import Node, Storage, inspect
from raysweep.execution.tasks import Workplace, describe
from raysweep.study.data import DataSettings

OVERRIDE = "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO"
"""Whether a task that asks for no GPU sees none. The one that looks must see all of them."""
ANSWER_SECONDS = 120.0
"""How long a node may take: a new process there fetches our code, and loads torch."""


def inspect_nodes(workplace: Workplace, data_sets: Sequence[DataSettings]) -> list[Node]:
    """Inspects every live node from a process on it; the driver exchanges a file with each."""
    store, ours = workplace.store, uuid.uuid4().hex
    nodes = [node for node in ray.nodes() if node["Alive"]]
    probes = [f"{ours}-{index}" for index in range(len(nodes))]
    store.save_probe(ours)
    try:
        pending = [
            _look.options(scheduling_strategy=NodeAffinitySchedulingStrategy(node["NodeID"], soft=False)).remote(
                workplace, tuple(data_sets), ours, probe
            )
            for node, probe in zip(nodes, probes, strict=True)
        ]
        ray.wait(pending, num_returns=len(pending), timeout=ANSWER_SECONDS)
        looked = [_answer(node, reference) for node, reference in zip(nodes, pending, strict=True)]
        return [_seen_here(node, store.has_probe(probe)) for node, probe in zip(looked, probes, strict=True)]
    finally:
        for name in (ours, *probes):
            store.remove_probe(name)


def check_nodes(workplace: Workplace, data_sets: Sequence[DataSettings]) -> None:
    """Makes sure that every node sees the results folder, the data and the weights.

    Raises:
        UserError: one of them does not. Names the node, what is missing there, and the remedy.
    """
    for node in inspect_nodes(workplace, data_sets):
        for fault in node.faults(workplace, node.found.data if node.found else ()):
            raise UserError(fault)


_look = ray.remote(num_cpus=0, max_calls=1, max_retries=0, runtime_env={"env_vars": {OVERRIDE: "0"}})(inspect)


def _answer(node: dict[str, Any], reference: Any) -> Node:
    resources = node["Resources"]
    known = Node(f"node {node['NodeManagerAddress']}", resources.get("CPU", 0), resources.get("GPU", 0), None)
    try:
        return replace(known, found=ray.get(reference, timeout=0))
    except ray.exceptions.GetTimeoutError:
        return replace(known, problem=f"no answer in {ANSWER_SECONDS:g} s")
    except Exception as error:  # a node that died, code that could not be shipped, torch that cannot be imported
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        return replace(known, problem=lines[-1] if lines else describe(error))  # the last line is the cause


def _seen_here(node: Node, arrived: bool) -> Node:
    """The node, with a problem of its storage if what it wrote does not arrive here."""
    if node.found is None or node.found.storage.problem or arrived:
        return node
    return replace(node, found=replace(node.found, storage=Storage(problem="what it wrote there is not seen here")))
