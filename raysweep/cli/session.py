"""What a run needs before any work: the backend, a cluster whose nodes see what this machine sees, the data sets.

What loads torch or Ray is imported only once it is needed, so that a mistake is named at once.
"""

import argparse
import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

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


@dataclass(frozen=True)
class Job:
    """What is to be run, all of it checked."""

    study: Study
    facts: DataFacts
    store: StudyStore
    data: Path
    fid_weights: Path | None


def check_same_files(data_sets: Sequence[DataSettings], root: Path, store: StudyStore) -> None:
    """Checks that named data sets have the files of earlier runs: their trials have the same ids, whatever these hold.

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
    """What the files of each data set hold, by its name, of those whose files are there."""
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
    """What the work needs, once all of it is there; says where it runs, and `line`, and prints the plan before."""
    workplace = Workplace(str(job.store.folder), job.data, job.fid_weights)
    with _backend(options) as (backend, words):
        from raysweep.data import load_data  # torch is loaded only once there is a cluster
        from raysweep.data.cache import cache_folder
        from raysweep.execution.machine import describe_environment
        from raysweep.execution.remaining import RATES_FILE

        if plan is not None:
            print_plan(plan, console, every_trial=False)
        for data in job.study.data_sets:
            load_data(data, job.data)  # what is missing or damaged is said before anything starts
        _check_cluster(options, workplace, job.study.data_sets)
        console.print()
        for each in (f"Backend: {words}", f"Results: {job.store.folder}", line):
            console.print(each, markup=False, soft_wrap=True)
        contents = {"data": job.store.load_contents() | _contents(job.study.data_sets, job.data)}
        job.store.save_study(job.study, job.facts, describe_environment(command, words) | contents)
        with contextlib.closing(ConsoleProgress(console, cache_folder() / RATES_FILE)) as progress:
            yield workplace, backend, progress


@contextlib.contextmanager
def alone(store: StudyStore) -> Iterator[None]:
    """Keeps a second search out of the folder: two would draw each configuration twice. Ends with the process."""
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
    """What runs the work, and its name."""
    if options.serial:
        from raysweep.execution.serial import SerialBackend

        yield SerialBackend(), "this process"
        return
    from raysweep.execution.cluster.connect import connected

    with connected(options.cluster) as words:
        from raysweep.execution.cluster.backend import RayBackend

        yield RayBackend(), words


def _check_cluster(options: argparse.Namespace, workplace: Workplace, data_sets: Sequence[DataSettings]) -> None:
    """On a cluster, whether all its nodes see what this machine sees."""
    if options.cluster is not None:
        from raysweep.execution.cluster.check import check_nodes

        check_nodes(workplace, data_sets)
