"""The command line: which study, on what, and where its results go.

What loads torch, Ray or matplotlib is imported only by the functions that need it, so `-h`, `--list` and `--plan`
answer at once.
"""

import argparse
import contextlib
import shlex
import sys
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from raysweep.cli.loading import known_studies, load_study
from raysweep.cli.options import (
    DONE,
    INCOMPLETE,
    Parser,
    add_cluster,
    add_places,
    answer,
    data_folder,
    program,
    tensorboard,
    weights_file,
)
from raysweep.cli.overriding import override
from raysweep.cli.plan import print_plan, print_search
from raysweep.errors import UserError
from raysweep.execution.plan import Plan, make_plan
from raysweep.results.files import join
from raysweep.results.gathering import gather
from raysweep.results.names import RECOMMENDED, SEARCH_LOCK
from raysweep.results.store import StudyStore
from raysweep.study.core import Study
from raysweep.study.data import DataFacts, DataSettings
from raysweep.tuning.settings import Tuning

if TYPE_CHECKING:
    from raysweep.cli.progress import ConsoleProgress
    from raysweep.execution.pipeline import Backend, Outcome, Step
    from raysweep.execution.tasks import Workplace

STEPS: "tuple[Step, ...]" = ("train", "measure", "report")
DEFAULT_STUDY = "digits"

REASONS_SHOWN, REASON_LENGTH = 5, 300
"""How many reasons of failures are printed, and how much of each; the table `failures` has all."""

DESCRIPTION = """\
Runs a study: trains its models, measures them, and draws a report. What exists in the results folder is not done
again, so the same command continues after an interruption, a crash or a failure.
"""

EPILOG = """\
examples:
  raysweep                                  the digits study, on this machine: minutes
  raysweep --list                           the studies that come with raysweep
  raysweep mnist --plan                     what a study would do and cost; nothing is run
  raysweep mnist --reduced                  its smaller form, where its file defines one: two cores, minutes
  raysweep path/to/my_study.py              a study of yours: a file that defines STUDY
  raysweep mnist --cluster                  on the Ray cluster that this machine belongs to
  raysweep mnist --cluster 10.0.0.5:6379    on the Ray cluster at that address
  raysweep doctor mnist --cluster           whether that would work: nodes, GPUs, versions, folders, data
  raysweep --serial                         in this process, without Ray: for a debugger, or one GPU
  raysweep --set arms.wgan_gp.steps=200 --set seeds=0,1,2
  raysweep --only report                    draw again what is there
  raysweep mnist --only train,measure       draw nothing: elsewhere, later

results:
  RESULTS/<study>/report/index.html         the report; figures and tables beside it
  RESULTS/<study>/*.parquet                 every number, as documented in raysweep/results/tables.py
  RESULTS/<study>/tensorboard/              live: tensorboard --logdir RESULTS/<study>/tensorboard
  RESULTS/<study>/study.json                the study as it was run

settings for --set:
  arms.<arm>.<setting>=VALUE                a setting of the arm's model: steps, batch, learning_rate, width, ...
  arms.<arm>.over.<axis>=VALUE,VALUE        the values of an axis
  arms.<arm>.resources.gpus=0.5             cores and GPUs of a trial
  measures.<measure>.<setting>=VALUE        for example measures.projected_adam.solver.steps=100
  seeds=0,1,2   data.limit=1000   classifier.epochs=2   checkpoint_seconds=30
  * stands for all arms, or measures, that have the setting: arms.*.steps=200

exit codes:
  0  done          1  some trials or measures failed: the report lists them, the same command tries them again
  2  refused       130  interrupted: the same command continues
"""


def _steps(text: str) -> "tuple[Step, ...]":
    names = text.split(",")
    if wrong := [name for name in names if name not in STEPS]:
        raise argparse.ArgumentTypeError(f"{wrong[0]!r} is not a step; the steps are {', '.join(STEPS)}")
    return tuple(step for step in STEPS if step in names)


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        "raysweep",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "study",
        nargs="?",
        metavar="STUDY",
        help=f"name of a study, or path of a file that defines STUDY (default: {DEFAULT_STUDY})",
    )
    parser.add_argument(
        "--reduced", action="store_true", help="the study's smaller form (REDUCED in its file), said to be such"
    )
    where = parser.add_mutually_exclusive_group()
    add_cluster(where, "run on")
    where.add_argument("--serial", action="store_true", help="run in this process, one piece of work after the other")
    add_places(parser)
    parser.add_argument("--plan", action="store_true", help="print every trial with its cost, and run nothing")
    parser.add_argument(
        "--only",
        type=_steps,
        metavar="STEP[,STEP]",
        help=f"do only these steps, with what is there: any of {', '.join(STEPS)}",
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="PATH=VALUE",
        help="change a setting of the study; may be repeated",
    )
    parser.add_argument("--list", action="store_true", help="list the studies that come with raysweep, and run nothing")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line; returns its exit code."""
    command = list(sys.argv[1:] if arguments is None else arguments)
    if command[:1] == ["doctor"]:
        from raysweep.cli import doctor

        return doctor.main(command[1:])
    return answer(lambda: _run(_parser().parse_args(command), command))


@dataclass(frozen=True)
class _Job:
    """What is to be run, all of it checked."""

    study: Study
    facts: DataFacts
    store: StudyStore
    data: Path
    fid_weights: Path | None


def _run(options: argparse.Namespace, command: Sequence[str]) -> int:
    console = Console(emoji=False, highlight=False)
    if options.list:
        _list_studies(console)
        return DONE
    if options.only == ("report",) and not options.plan:
        return _draw_again(options, console)
    study, store = _load(options)
    if isinstance(study, Tuning):
        return _tune(study, store, options, command, console)
    job = _check(study, store, options)
    plan = make_plan(job.study, job.facts, job.store)
    if not options.plan:
        return _work(job, plan, options, command, console)
    print_plan(plan, console, every_trial=True)
    return DONE


def _list_studies(console: Console) -> None:
    table = Table(box=None, padding=(0, 2, 1, 0), show_header=False)
    for name in known_studies():
        study = load_study(name)
        table.add_row(name, f"{study.title}\n{study.question}")
    console.print(table, markup=False)


def _load(options: argparse.Namespace) -> tuple[Study | Tuning, StudyStore]:
    """The study or tuning that was asked for, and its results folder, which may not exist yet."""
    if options.study is None and options.cluster in known_studies():
        name = options.cluster
        raise UserError(f"--cluster {name}: {name} is a study, not an address; write raysweep {name} --cluster")
    study = override(load_study(options.study or DEFAULT_STUDY, reduced=options.reduced), options.set)
    store = StudyStore(join(options.results, study.name))
    store.folder.reach()
    return study, store


def _check(study: Study, store: StudyStore, options: argparse.Namespace) -> _Job:
    data = data_folder(options.data)
    weights = weights_file(options.fid_weights)
    study.check_shapes(data)
    return _Job(study, study.data.facts(data), store, data, weights)


def _work(job: _Job, plan: Plan, options: argparse.Namespace, command: Sequence[str], console: Console) -> int:
    """Prints the plan once results can be written and the cluster is there; then trains, measures and draws."""
    from raysweep.execution.pipeline import run_study

    steps: tuple[Step, ...] = options.only or STEPS
    job.store.folder.check()
    line = f"TensorBoard: {tensorboard(job.store.tensorboard_location)}"
    with _started(job, options, command, console, line, plan) as (workplace, backend, progress):
        outcome = run_study(job.study, workplace, backend, progress, steps)
    if "report" in steps:
        _draw(job.store, console)
    return _conclude(outcome, console)


def _tune(
    tuning: Tuning, store: StudyStore, options: argparse.Namespace, command: Sequence[str], console: Console
) -> int:
    """Plans a tuning, or searches, checks what was found on fresh seeds, and draws the report of that."""
    data, weights = data_folder(options.data), weights_file(options.fid_weights)
    tuning.check_shapes(data)
    facts = tuning.data.facts(data)
    known = {name: tuning.model_at(tuning.baseline_values(name)) for name in tuning.baselines} or {"c0": tuning.model}
    job = _Job(tuning.study(known, tuning.fresh_seeds, final=True), facts, store, data, weights)
    line = "" if options.plan else f"Dashboard: {_dashboard(store)}"
    print_search(tuning, facts, console)
    if options.plan:
        console.print("\nThe baselines on fresh seeds:\n")
        print_plan(make_plan(job.study, facts, store), console, every_trial=True)
        return DONE
    if options.only is not None:
        raise UserError(f"--only {','.join(options.only)}: a tuning trains and measures by turns; leave it out")
    from raysweep.execution.pipeline import outcome
    from raysweep.tuning.run import run_tuning

    store.folder.check()
    with _alone(store), _started(job, options, command, console, line) as (workplace, backend, progress):
        store.save_tuning(tuning)
        study = run_tuning(tuning, workplace, backend, progress)
    _draw(store, console)
    if store.load_recommended():
        command_line = f"raysweep {shlex.quote(store.folder.locate(RECOMMENDED))}"
        console.print(f"Recommended: {command_line}", markup=False, soft_wrap=True)
    return _conclude(outcome(study, facts, store), console)


@contextlib.contextmanager
def _started(
    job: _Job,
    options: argparse.Namespace,
    command: Sequence[str],
    console: Console,
    line: str,
    plan: Plan | None = None,
) -> "Iterator[tuple[Workplace, Backend, ConsoleProgress]]":
    """What the work needs, once all of it is there; says where it runs, and `line`, and prints the plan before."""
    from raysweep.cli.progress import ConsoleProgress
    from raysweep.execution.tasks import Workplace

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
        job.store.save_study(job.study, job.facts, describe_environment(command, words))
        with contextlib.closing(ConsoleProgress(console, cache_folder() / RATES_FILE)) as progress:
            yield workplace, backend, progress


@contextlib.contextmanager
def _alone(store: StudyStore) -> Iterator[None]:
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
def _backend(options: argparse.Namespace) -> "Iterator[tuple[Backend, str]]":
    """What runs the work, and its name."""
    if options.serial:
        from raysweep.execution.serial import SerialBackend

        yield SerialBackend(), "this process"
        return
    from raysweep.execution.cluster.connect import connected

    with connected(options.cluster) as words:
        from raysweep.execution.cluster.backend import RayBackend

        yield RayBackend(), words


def _check_cluster(options: argparse.Namespace, workplace: "Workplace", data_sets: Sequence[DataSettings]) -> None:
    """On a cluster, whether all its nodes see what this machine sees."""
    if options.cluster is not None:
        from raysweep.execution.cluster.check import check_nodes

        check_nodes(workplace, data_sets)


def _dashboard(store: StudyStore) -> str:
    """The command that shows a search, also while it runs, and first how to get its program where there is none."""
    installed = program("optuna-dashboard")
    first = "" if installed else "pip install optuna-dashboard, then "
    return f"{first}{installed or 'optuna-dashboard'} {shlex.quote(store.optuna_url)}"


def _draw_again(options: argparse.Namespace, console: Console) -> int:
    """Gathers the tables of what is there, of the study as it was run, and draws the report."""
    if options.set:
        raise UserError("--set changes what is computed, and --only report computes nothing: leave one of them out")
    _, store = _load(options)
    gather(store, store.load_study(), store.load_facts())
    _draw(store, console)
    return DONE


def _draw(store: StudyStore, console: Console) -> None:
    from analysis.report import write_report

    console.print(f"Report: {write_report(store)}", markup=False, soft_wrap=True)


def _conclude(outcome: "Outcome", console: Console) -> int:
    """Says what did not work; the exit code that goes with it. That a trial diverges is a result."""
    trials = outcome.finished + outcome.diverged + outcome.failed + outcome.missing
    if outcome.diverged:
        console.print(
            f"\nDiverged: {outcome.diverged} of {trials} trials. They left no model to measure; the table of trials "
            "has the step and the reason.",
            soft_wrap=True,
        )
    if outcome.missing:
        console.print(f"\nNot trained: {outcome.missing} of {trials} trials, and so not measured.", soft_wrap=True)
    if not outcome.reasons:
        return DONE
    console.print(f"\nFailed: {outcome.failed} trials; {outcome.shards_missing} shards are missing. The reasons:")
    for reason in outcome.reasons[:REASONS_SHOWN]:
        console.print(f"  {textwrap.shorten(reason, REASON_LENGTH)}", markup=False, soft_wrap=True)
    console.print("The same command tries them again.")
    return INCOMPLETE


if __name__ == "__main__":
    sys.exit(main())
