"""The command line: which study, on what, and where its results go.

Modules that load torch, Ray or matplotlib are imported only by the functions that need them, so `-h`, `--list` and
`--plan` answer at once.
"""

import argparse
import shlex
import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from raysweep.cli.arguments import DEFAULT_STUDY, STEPS, make_parser
from raysweep.cli.loading import known_studies, load_study
from raysweep.cli.options import (
    DONE,
    INCOMPLETE,
    answer,
    data_folder,
    program,
    tensorboard,
    weights_file,
)
from raysweep.cli.overriding import override
from raysweep.cli.plan import print_plan, print_search
from raysweep.cli.session import Job, alone, check_same_files, started
from raysweep.errors import UserError
from raysweep.execution.plan import Plan, make_plan
from raysweep.results.files import join
from raysweep.results.gathering import gather
from raysweep.results.names import RECOMMENDED
from raysweep.results.store import StudyStore
from raysweep.study.core import Study
from raysweep.study.data import with_content
from raysweep.tuning.settings import Tuning

if TYPE_CHECKING:
    from raysweep.execution.pipeline import Outcome, Step

REASONS_SHOWN, REASON_LENGTH = 5, 300
"""How many reasons of failures are printed, and how many characters of each; the table `failures` has all."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line; returns its exit code."""
    command = list(sys.argv[1:] if arguments is None else arguments)
    if command[:1] == ["doctor"]:
        from raysweep.cli import doctor

        return doctor.main(command[1:])
    return answer(lambda: _run(make_parser().parse_args(command), command))


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
    """Loads the requested study or tuning, and finds its results folder, which may not exist yet."""
    if options.study is None and options.cluster in known_studies():
        name = options.cluster
        raise UserError(f"--cluster {name}: {name} is a study, not an address; write raysweep {name} --cluster")
    study = override(load_study(options.study or DEFAULT_STUDY, reduced=options.reduced), options.set)
    store = StudyStore(join(options.results, study.name))
    store.folder.reach()
    return study, store


def _check(study: Study, store: StudyStore, options: argparse.Namespace) -> Job:
    data = data_folder(options.data)
    weights = weights_file(options.fid_weights)
    study = with_content(study, data)
    study.check_shapes(data)
    check_same_files(study.data_sets, data, store)
    return Job(study, study.data.facts(data), store, data, weights)


def _work(job: Job, plan: Plan, options: argparse.Namespace, command: Sequence[str], console: Console) -> int:
    """Prints the plan once results can be written and the cluster has answered; then trains, measures and draws."""
    from raysweep.execution.pipeline import run_study

    steps: tuple[Step, ...] = options.only or STEPS
    job.store.folder.check()
    job.store.forget_search(job.study)
    line = f"TensorBoard: {tensorboard(job.store.tensorboard_location)}"
    with started(job, options, command, console, line, plan) as (workplace, backend, progress):
        outcome = run_study(job.study, workplace, backend, progress, steps)
    drawn = _draw(job.store, console) if "report" in steps else DONE
    return max(drawn, _conclude(outcome, console))


def _tune(
    tuning: Tuning, store: StudyStore, options: argparse.Namespace, command: Sequence[str], console: Console
) -> int:
    """Plans a tuning; or searches, checks the finalists on fresh seeds, and draws the report of them."""
    data, weights = data_folder(options.data), weights_file(options.fid_weights)
    tuning = with_content(tuning, data)
    tuning.check_shapes(data)
    check_same_files(tuning.data_sets, data, store)
    facts = tuning.data.facts(data)
    known = {name: tuning.model_at(tuning.baseline_values(name)) for name in tuning.baselines} or {"c0": tuning.model}
    job = Job(tuning.study(known, tuning.fresh_seeds, final=True), facts, store, data, weights)
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
    with alone(store), started(job, options, command, console, line) as (workplace, backend, progress):
        study = run_tuning(tuning, workplace, backend, progress)
    drawn = _draw(store, console)
    if store.load_recommended() is not None:
        command_line = f"raysweep {shlex.quote(store.folder.locate(RECOMMENDED))}"
        console.print(f"Recommended: {command_line}", markup=False, soft_wrap=True)
    return max(drawn, _conclude(outcome(study, facts, store), console))


def _dashboard(store: StudyStore) -> str:
    """The command that shows a search, also while it runs, preceded by how to install its program if it is missing."""
    from raysweep.tuning.search import storage_url

    installed = program("optuna-dashboard")
    first = "" if installed else "pip install optuna-dashboard, then "
    return f"{first}{installed or 'optuna-dashboard'} {shlex.quote(storage_url(store))}"


def _draw_again(options: argparse.Namespace, console: Console) -> int:
    """Gathers the existing tables of the study as it was run, and draws the report."""
    if options.set:
        raise UserError("--set changes what is computed, and --only report computes nothing: leave one of them out")
    _, store = _load(options)
    gather(store, store.load_study(), store.load_facts())
    return _draw(store, console)


def _draw(store: StudyStore, console: Console) -> int:
    """Draws the report, prints where it is and which parts of it failed, and returns the exit code."""
    from analysis.report import write_report

    report = write_report(store)
    console.print(f"Report: {report.page}", markup=False, soft_wrap=True)
    for fault in report.faults:
        console.print(f"Not in the report: {textwrap.shorten(fault, REASON_LENGTH)}", markup=False, soft_wrap=True)
    return INCOMPLETE if report.faults else DONE


def _conclude(outcome: "Outcome", console: Console) -> int:
    """Prints what did not work, and returns the exit code. A trial that diverges is a result."""
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


def _own_modules_first() -> None:
    """Makes `analysis` and `search_spaces` the packages next to this one.

    `python -m` looks for modules in the working directory first, where a user may have some of the same names.
    """
    if Path(sys.path[0]).resolve() != Path(__file__).resolve().parents[1]:
        sys.path.append(sys.path.pop(0))


if __name__ == "__main__":
    _own_modules_first()
    sys.exit(main())
