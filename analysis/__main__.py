"""python -m analysis RESULTS: draws a study's report again, from its tables alone."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from analysis.digest import write_digest
from analysis.report import write_report
from raysweep.errors import UserError
from raysweep.store import StudyStore


def main(arguments: Sequence[str] | None = None) -> int:
    """Writes the report and prints its path; 2 and one message where that cannot be done."""
    parser = argparse.ArgumentParser(
        prog="python -m analysis",
        description="Draw the figures, verdicts and page of a finished or running study again, from its tables. "
        "Trains and measures nothing; needs neither PyTorch nor Ray.",
    )
    parser.add_argument("results", type=Path, metavar="RESULTS", help="folder of one study: results/<study>")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--out", type=Path, metavar="DIR", help="where the report goes (default: RESULTS/report)")
    where.add_argument(
        "--digest", type=Path, metavar="DIR", help="write instead the report in short, as Markdown, for a repository"
    )
    options = parser.parse_args(arguments)
    try:
        store = StudyStore(options.results)
        page = write_digest(store, options.digest) if options.digest else write_report(store, options.out)
    except UserError as error:
        print(error, file=sys.stderr)
        return 2
    print(page)
    return 0


if __name__ == "__main__":
    sys.exit(main())
