"""`raysweep doctor`: what each machine offers for the work, what is missing, and what to do about it."""

import argparse
import contextlib
import shutil
import sys
import uuid
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from raysweep.cli.loading import load_study
from raysweep.cli.options import (
    DONE,
    REFUSED,
    Parser,
    add_cluster,
    add_places,
    answer,
    data_folder,
    tensorboard,
    weights_file,
)
from raysweep.cli.session import wants_inception
from raysweep.execution.tasks import Workplace
from raysweep.results.files import join
from raysweep.results.remote import open_folder
from raysweep.study.core import Study
from raysweep.study.data import DataSettings
from raysweep.tuning.settings import Tuning

if TYPE_CHECKING:
    from raysweep.execution.machine import Node

WIDTH = 120
"""The least width of the table of machines: a narrower terminal wraps its lines, and a log file has no width."""

DESCRIPTION = """\
Examines what a study would run on, and runs nothing: nodes, GPUs, versions, whether every machine can write and read
the results folder and finds the data. With STUDY, what that study needs; without, whatever is known.
"""

EPILOG = """\
examples:
  raysweep doctor                           this machine, without starting Ray
  raysweep doctor mnist --cluster           whether all nodes of the cluster could run that study

exit codes:
  0  a run can start          2  something is missing, or the cluster cannot be joined
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line; returns its exit code."""
    command = list(sys.argv[1:] if arguments is None else arguments)
    return answer(lambda: _examine(_parser().parse_args(command)))


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        "raysweep doctor",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("study", nargs="?", metavar="STUDY", help="name of a study, or path of a file that defines it")
    add_cluster(parser, "examine")
    add_places(parser)
    return parser


def _examine(options: argparse.Namespace) -> int:
    study = None if options.study is None else load_study(options.study)
    folder = open_folder(options.results if study is None else join(options.results, study.name))
    folder.reach()
    workplace = Workplace(str(folder), data_folder(options.data), weights_file(options.fid_weights))
    words, nodes = _look(options.cluster, workplace, _known_data() if study is None else study.data_sets)
    console = Console(emoji=False, highlight=False, width=max(WIDTH, shutil.get_terminal_size().columns))
    console.print(f"{words}\n", markup=False, soft_wrap=True)
    console.print(machines(nodes))
    console.print()
    for name, value in places(nodes, workplace, study):
        console.print(f"{name}: {value}", markup=False, soft_wrap=True)
    needed = {name for node in nodes if node.found for name in node.found.data} if study is not None else set[str]()
    faults = [fault for node in nodes for fault in node.faults(workplace, needed.difference(to_fetch(nodes)))]
    for kind, lines in (("Note", notes(nodes, study)), ("Fault", faults)):
        for line in lines:
            console.print(f"\n{kind}: {line}", markup=False, soft_wrap=True)
    console.print("\nA run cannot start." if faults else "\nA run can start.")
    return REFUSED if faults else DONE


def _known_data() -> list[DataSettings]:
    """The data sets that can be named without settings: these are looked for if no study says what it needs."""
    kinds = DataSettings.kinds().values()
    return [
        kind.model_validate({})
        for kind in kinds
        if not any(field.is_required() for field in kind.model_fields.values())
    ]


def _look(cluster: str | None, workplace: Workplace, data_sets: Sequence[DataSettings]) -> "tuple[str, list[Node]]":
    """Describes where the work would run, and inspects its machines."""
    if cluster is None:
        return "This machine", [_this_machine(workplace, data_sets)]
    from raysweep.execution.cluster.connect import connected

    with connected(cluster) as words:
        from raysweep.execution.cluster.check import inspect_nodes

        workplace.store.folder.check()
        return words, inspect_nodes(workplace, data_sets)


def _this_machine(workplace: Workplace, data_sets: Sequence[DataSettings]) -> "Node":
    from raysweep.execution.machine import Node, inspect

    path = workplace.store.folder.path
    made = [folder for folder in (path, *path.parents) if not folder.exists()] if path else []
    probe = uuid.uuid4().hex
    found = inspect(workplace, data_sets, probe, probe)
    if not found.storage.problem:
        workplace.store.remove_probe(probe)
    for folder in made:
        with contextlib.suppress(OSError):  # another process may use the port by now
            folder.rmdir()
    return Node("this machine", found.cores, len(found.gpus), found)


def machines(nodes: "Sequence[Node]") -> Table:
    """A row for each machine that answered."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="")
    for name in ("", "cores", "threads", "GPUs", "write", "read", "free: results", "cache"):
        words = name in {"", "GPUs"}
        table.add_column(name, justify="left" if words else "right", no_wrap=name != "GPUs", overflow="fold")
    for node in nodes:
        if (found := node.found) is not None:
            known = not found.storage.problem
            times = [_time(seconds) if known else "-" for seconds in (found.storage.write, found.storage.read)]
            free = "-" if found.results_free is None else _size(found.results_free), _size(found.cache_free)
            table.add_row(node.name, f"{node.cpus:g}", str(found.threads), gpu_words(node), *times, *free)
    return table


def versions(nodes: "Sequence[Node]") -> dict[str, list[str]]:
    """The machines' versions of the packages that must be equal."""
    from raysweep.execution.machine import PACKAGES

    found = [node.found.versions for node in nodes if node.found is not None]
    return {name: sorted({each[name] for each in found}) for name in ("python", *PACKAGES)}


def to_fetch(nodes: "Sequence[Node]") -> list[str]:
    """The data sets that no machine has, which a run downloads into the data folder before it does anything else."""
    found = [node.found.data for node in nodes if node.found is not None]
    names = found[0] if found else ()
    return [name for name in names if all(each[name].fetched and not each[name].found for each in found)]


def gpu_words(node: "Node") -> str:
    """The GPUs of a machine with their memory: `2 × NVIDIA H100 (79 GiB)`."""
    assert node.found is not None
    kinds = [f"{gpu.name} ({_size(gpu.memory)})" for gpu in node.found.gpus]
    return ", ".join(f"{kinds.count(kind)} × {kind}" for kind in dict.fromkeys(kinds)) or "none"


def places(nodes: "Sequence[Node]", workplace: Workplace, study: Study | Tuning | None) -> Iterator[tuple[str, str]]:
    """The folders and files that are used, by name."""
    answered = [node.found for node in nodes if node.found is not None]
    yield "Results", str(workplace.results)
    yield "TensorBoard", tensorboard(workplace.store.tensorboard_location if study else str(workplace.results))
    yield "Data", str(workplace.data)
    if not answered:
        return
    for name in answered[0].data:
        everywhere = {found.data[name].words for found in answered}
        count = sum(found.data[name].found for found in answered)
        where = "" if count in {0, len(answered)} else f"on {count} of {len(answered)} machines: "
        yield f"  {name}", where + "; ".join(sorted(everywhere))
    yield "Cache", "; ".join(sorted({str(found.cache) for found in answered}))
    weights = {str(found.inception) for found in answered if found.inception}
    missing = sum(found.inception is None for found in answered)
    fetched = "fetched on first use" if missing == len(answered) else f"fetched on first use by {missing} machines"
    yield "Inception weights", "; ".join([*sorted(weights), *([fetched] if missing else [])])
    yield "Versions", ", ".join(f"{name} {' and '.join(found)}" for name, found in versions(nodes).items())


def notes(nodes: "Sequence[Node]", study: Study | Tuning | None) -> list[str]:
    """Warnings of what may surprise, though it does not keep a run from starting."""
    found = [node.found for node in nodes if node.found is not None]
    lines = [
        f"machines have {name} {' and '.join(several)}: the last digits of results may depend on where they were "
        "computed; install the same constraints.txt on all"
        for name, several in versions(nodes).items()
        if len(several) > 1
    ]
    lines.extend(
        f"data set {name}: a run downloads it into the data folder first; without a network, put it there"
        for name in (to_fetch(nodes) if study is not None else ())
    )
    lines.extend(
        f"{node.name}: Ray gives out {node.gpus:g} GPUs there and torch sees {len(node.found.gpus)}: a GPU that only "
        "one of them knows computes nothing; install a torch built for its driver, or start Ray with --num-gpus"
        for node in nodes
        if node.found is not None and node.gpus != len(node.found.gpus)
    )
    if wants_inception(study) and any(each.inception is None for each in found):
        lines.append(
            "the study compares features of Inception, whose weights each machine fetches from the network on first "
            "use; where there is none, name the file with --fid-weights FILE"
        )
    return lines


def _time(seconds: float) -> str:
    return f"{1000 * seconds:.1f} ms"


def _size(count: int) -> str:
    return f"{count / 2**30:,.0f} GiB"


if __name__ == "__main__":
    sys.exit(main())
