"""Everything that a run needs before any work: the backend, a cluster whose nodes see what this machine sees, the data
sets.

Modules that load torch or Ray are imported once they are needed, so that a mistake is reported at once.
"""

import argparse
import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from raysweep.cli.arguments import STEPS
from raysweep.cli.plan import print_plan
from raysweep.cli.progress import ConsoleProgress
from raysweep.errors import UserError
from raysweep.execution.pipeline import Backend
from raysweep.execution.plan import Plan
from raysweep.execution.tasks import Workplace
from raysweep.results.names import SEARCH_LOCK
from raysweep.results.store import StudyStore
from raysweep.study.core import Study
from raysweep.study.data import DataFacts, DataSettings
from raysweep.tuning.settings import Tuning


@dataclass(frozen=True)
class Job:
    """The checked inputs of a run."""

    study: Study
    facts: DataFacts
    store: StudyStore
    data: Path
    fid_weights: Path | None


def check_same_files(data_sets: Sequence[DataSettings], root: Path, store: StudyStore) -> None:
    """Checks that named data sets have the same files as in earlier runs: the ids of their trials do not depend on the
    files' content.

    Raises:
        UserError: a data set has other files.
    """
    for name, content in _contents([data for data in data_sets if data.named], root).items():
        if (earlier := store.load_contents().get(name, content)) != content:
            raise UserError(
                f"results folder {store.folder}: what is in it was computed from other files of {name} than those in "
                f"{root} (content {earlier}, not {content}); name the folder that holds them with --data DIR, or "
                "another results folder with --results DIR"
            )


def _contents(data_sets: Sequence[DataSettings], root: Path) -> dict[str, str]:
    """Fingerprints of the data sets whose files exist, by name."""
    found = {}
    for data in data_sets:
        with contextlib.suppress(UserError):
            found[data.words] = data.content_of(root)
    return {name: content for name, content in found.items() if content}


@contextlib.contextmanager
def started(
    job: Job,
    options: argparse.Namespace,
    command: Sequence[str],
    console: Console,
    line: str,
    plan: Plan | None = None,
) -> Iterator[tuple[Workplace, Backend, ConsoleProgress]]:
    """Yields what the work needs once all of it is there. Before, prints the plan, where it runs, and `line`."""
    workplace = Workplace(str(job.store.folder), job.data, job.fid_weights)
    with _backend(options) as (backend, words):
        from raysweep.data import load_data  # torch is loaded only after a cluster has answered
        from raysweep.data.cache import cache_folder
        from raysweep.execution.machine import describe_environment
        from raysweep.execution.remaining import RATES_FILE

        if plan is not None:
            print_plan(plan, console, every_trial=False)
        for data in job.study.data_sets:
            load_data(data, job.data)  # missing or damaged files are reported before anything starts
        _check_cluster(options, workplace, job.study.data_sets)
        if options.cluster is None and "measure" in (options.only or STEPS) and (plan is None or plan.shards_left):
            _check_inception(job)
        console.print()
        for each in (f"Backend: {words}", f"Results: {job.store.folder}", line):
            console.print(each, markup=False, soft_wrap=True)
        contents = {"data": job.store.load_contents() | _contents(job.study.data_sets, job.data)}
        job.store.save_study(job.study, job.facts, describe_environment(command, words) | contents)
        with contextlib.closing(ConsoleProgress(console, cache_folder() / RATES_FILE)) as progress:
            yield workplace, backend, progress


def wants_inception(study: Study | Tuning | None) -> bool:
    """Whether a measure of the study uses features of Inception."""
    measures = study.measures if study is not None else ()
    return any(getattr(measure, "features", "") == "inception" for measure in measures)


def _check_inception(job: Job) -> None:
    """Builds Inception once, whose weights are fetched if they are missing, so that an error comes before training."""
    if wants_inception(job.study):
        from raysweep.measures.features import build_inception

        build_inception(job.fid_weights)


@contextlib.contextmanager
def alone(store: StudyStore) -> Iterator[None]:
    """Locks the folder against a second search, which would draw each configuration again, until the process ends."""
    from filelock import FileLock, Timeout

    lock = FileLock(store.folder.locate(SEARCH_LOCK))
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise UserError(
            f"results folder {store.folder}: another run is searching in it; wait until it has ended, or name another "
            "with --results DIR"
        ) from error
    try:
        yield
    finally:
        lock.release()


@contextlib.contextmanager
def _backend(options: argparse.Namespace) -> Iterator[tuple[Backend, str]]:
    """The backend that runs the work, and its name."""
    if options.serial:
        from raysweep.execution.serial import SerialBackend

        yield SerialBackend(), "this process"
        return
    from raysweep.execution.cluster.connect import connected

    with connected(options.cluster) as words:
        from raysweep.execution.cluster.backend import RayBackend

        yield RayBackend(), words


def _check_cluster(options: argparse.Namespace, workplace: Workplace, data_sets: Sequence[DataSettings]) -> None:
    """Checks that all nodes of a cluster see what this machine sees."""
    if options.cluster is not None:
        from raysweep.execution.cluster.check import check_nodes

        check_nodes(workplace, data_sets)
