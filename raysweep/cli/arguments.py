"""The arguments of `raysweep STUDY`, and how `raysweep -h` explains them."""

import argparse
from typing import get_args

from raysweep.cli.options import Parser, add_cluster, add_places
from raysweep.execution.pipeline import Step

STEPS: tuple[Step, ...] = get_args(Step)
DEFAULT_STUDY = "digits"

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
  raysweep RESULTS/<study>/study.json       a study as it was run; recommended.json is what a tuning recommends
  raysweep mnist --cluster                  on the Ray cluster that this machine belongs to
  raysweep mnist --cluster 10.0.0.5:6379    on the Ray cluster at that address
  raysweep doctor mnist --cluster           whether that would work: nodes, GPUs, versions, folders, data
  raysweep --serial                         in this process, without Ray: for a debugger, or one GPU
  raysweep --set arms.wgan_gp.steps=200 --set seeds=0,1,2
  raysweep --only report                    draw again what is there
  raysweep mnist --only train,measure       draw nothing: elsewhere, later

results:
  RESULTS/<study>/report/index.html         the report; figures and tables are next to it
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


def parse_steps(text: str) -> tuple[Step, ...]:
    """Parses names of steps, separated by commas, into the order in which they are done."""
    names = text.split(",")
    if wrong := [name for name in names if name not in STEPS]:
        raise argparse.ArgumentTypeError(f"{wrong[0]!r} is not a step; the steps are {', '.join(STEPS)}")
    return tuple(step for step in STEPS if step in names)


def make_parser() -> argparse.ArgumentParser:
    """The parser of the command line."""
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
        help=f"name of a study, or path of a file that defines STUDY, or of a study.json (default: {DEFAULT_STUDY})",
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
        type=parse_steps,
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
