"""python -m analysis RESULTS: draws a study's report again, or answers from it, from its tables alone."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from analysis.digest import write_digest
from analysis.reach import as_csv, find_reach, in_words
from analysis.report import write_report
from analysis.results import load_results
from raysweep.errors import UserError, encodable
from raysweep.results.patience import StorageError
from raysweep.results.store import StudyStore


def main(arguments: Sequence[str] | None = None) -> int:
    """Writes the report and prints its path, or prints an answer; returns the exit code.

    It is 1 if figures or claims failed, with a line for each, and 2 with one line if nothing can be done.
    """
    parser = argparse.ArgumentParser(
        prog="python -m analysis",
        description="Draw the figures, verdicts and page of a finished or running study again, from its tables. "
        "Trains and measures nothing; needs neither PyTorch nor Ray.",
    )
    parser.add_argument("results", metavar="RESULTS", help="folder of one study: results/<study>, or its URL")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--out", type=Path, metavar="DIR", help="where the report goes (default: RESULTS/report)")
    where.add_argument(
        "--digest", type=Path, metavar="DIR", help="write instead the report in short, as Markdown, for a repository"
    )
    where.add_argument(
        "--reach",
        type=float,
        metavar="ERROR",
        help="print instead the smallest dim(z) at which each arm reaches this reconstruction error",
    )
    only = parser.add_argument_group("with --reach")
    only.add_argument("--arm", metavar="NAME", help="of this arm alone")
    only.add_argument("--part", metavar="PART", help="on images of this split: train (default) or validation")
    only.add_argument("--csv", action="store_true", help="as a table of comma-separated values")
    options = parser.parse_args(arguments)
    encodable(sys.stdout, sys.stderr)
    try:
        store = StudyStore(options.results)
        store.folder.reach()
        answer, faults = _answer(store, options)
    except (UserError, StorageError) as error:
        print(error, file=sys.stderr)
        return 2
    print(answer)
    for fault in faults:
        print(f"failed: {fault}", file=sys.stderr)
    return 1 if faults else 0


def _answer(store: StudyStore, options: argparse.Namespace) -> tuple[str, tuple[str, ...]]:
    """Does what the arguments ask for; returns the text to print, and what failed."""
    if options.reach is not None:
        found = find_reach(load_results(store), options.reach, options.arm, options.part or "train")
        return as_csv(found) if options.csv else in_words(found), ()
    if options.arm or options.part or options.csv:
        raise UserError("--arm, --part and --csv only refine --reach ERROR: give it, or leave them out")
    report = write_digest(store, options.digest) if options.digest else write_report(store, options.out)
    return report.page, report.faults


if __name__ == "__main__":
    sys.exit(main())
