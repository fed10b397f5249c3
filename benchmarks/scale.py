"""What the machinery costs at scale: thousands of trials and a hundred thousand shards that compute next to nothing.

    python benchmarks/scale.py --trials 2000 --shards 50

Models are formulas (`Toy`, nothing is trained) and a shard is the class radius of one sample of one of them, by the
least search there is, so nearly all time is the machinery's. The study is run once through Ray on this machine, and
then again with everything there. Each run is a process of its own: its processor time is the driver's alone, and its
largest resident memory is what the driver ever held.

- `driver` is the driver's processor time, `wall` the time that passed, each per piece of work.
- `again` is the same command with everything there: it lists what exists, gathers the tables, and does no work.
- `report` draws the report from the tables.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import psutil
from typing_extensions import override

from raysweep.execution.agenda import Kind, Piece
from raysweep.execution.pipeline import Progress, outcome, run_study
from raysweep.execution.tasks import Workplace
from raysweep.study import Arm, ClassRadius, Resources, Study, Toy
from raysweep.study.data import Grid2d

STEPS = ("train", "measure", "again", "report")


def make_study(trials: int, shards: int) -> Study:
    """So many trials, and shards of each."""
    radius = ClassRadius(
        classifier="nearest_mode", samples=shards, shard=1, bank=1, bank_starts=0, rays=1, ray_starts=1, projections=0
    )
    return Study(
        name="scale",
        title="Scale",
        question="What does a piece of work cost that computes nothing?",
        data=Grid2d(),
        arms=(Arm(model=Toy(), resources=Resources(cpus=1, gpus=0)),),
        seeds=tuple(range(trials)),
        measures=(radius,),
    )


class Silence(Progress):
    """A progress that nobody sees."""

    @override
    def start(self, pieces: Mapping[str, Piece], already: Mapping[Kind, int], more: float = 0.0) -> None:
        pass

    @override
    def grow(self, pieces: Mapping[str, Piece], more: float) -> None:
        pass

    @override
    def note(self, text: str) -> None:
        pass

    @override
    def advance(self, name: str, share: float, node: str, seconds: float) -> None:
        pass

    @override
    def finish(self) -> None:
        pass


def run_step(step: str, folder: Path, study: Study) -> dict[str, float]:
    """One step in this process: its wall and processor time, and this process' largest resident memory (MB)."""
    place = Workplace(folder, folder)
    if step == "report":
        from analysis.report import write_report

        wall, cpu = time.perf_counter(), time.process_time()
        write_report(place.store)
    else:
        from raysweep.execution.cluster.connect import connected

        with connected(None):
            from raysweep.execution.cluster.backend import RayBackend

            wall, cpu = time.perf_counter(), time.process_time()
            steps = ("train", "measure") if step == "again" else (step,)
            run_study(study, place, RayBackend(), Silence(), steps)  # type: ignore[arg-type]
            place.store.save_study(study, study.data.facts(folder), {})
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    found = outcome(study, study.data.facts(place.data), place.store)
    if (step != "train" and found.shards_missing) or found.finished < len(study.trials):
        raise SystemExit(f"{step}: {found}")
    return {"wall": wall, "cpu": cpu, "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000}


def main() -> None:
    """Runs every step in a process of its own, and prints and writes a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=2000)
    parser.add_argument("--shards", type=int, default=50, help="of each trial")
    parser.add_argument("--output", type=Path, default=Path("docs/results/scale"))
    parser.add_argument("--step", choices=STEPS, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.step:
        print(json.dumps(run_step(options.step, options.folder, make_study(options.trials, options.shards))))
        return
    with tempfile.TemporaryDirectory() as folder:
        found = {step: _in_a_process(step, folder, options) for step in STEPS}
        size = _size(Path(folder))
    text = _text(found, size, options)
    options.output.mkdir(parents=True, exist_ok=True)
    (options.output / "README.md").write_text(text)
    print(text)


def _in_a_process(step: str, folder: str, options: argparse.Namespace) -> dict[str, float]:
    sizes = [f"--trials={options.trials}", f"--shards={options.shards}"]
    command = [sys.executable, __file__, *sizes, f"--step={step}", f"--folder={folder}"]
    result = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, float] = json.loads(result.stdout.splitlines()[-1])
    print(f"{step}: {found}", file=sys.stderr)
    return found


def _size(folder: Path) -> tuple[int, int]:
    """Files in a folder, and their bytes."""
    sizes = [Path(place, name).stat().st_size for place, _, names in os.walk(folder) for name in names]
    return len(sizes), sum(sizes)


def _text(found: Mapping[str, Mapping[str, float]], size: tuple[int, int], options: argparse.Namespace) -> str:
    assert __doc__ is not None
    shards = options.trials * options.shards
    pieces = {"train": options.trials, "measure": shards, "again": shards, "report": shards}
    rows = [
        f"| {step} | {row['wall']:.0f} | {row['cpu']:.0f} | {1000 * row['wall'] / pieces[step]:.1f} | "
        f"{1000 * row['cpu'] / pieces[step]:.2f} | {row['memory']:.0f} |"
        for step, row in found.items()
    ]
    explanation = __doc__.split("\n\n", 2)[2]
    return "\n".join(
        [
            "# The machinery at scale",
            "",
            f"```sh\npython benchmarks/scale.py --trials {options.trials} --shards {options.shards}\n```",
            "",
            explanation.strip(),
            "",
            f"{options.trials:,} trials and {shards:,} shards on {psutil.cpu_count()} cores, which the workers share "
            f"with the driver; {size[0]:,} files, {size[1] / 1e6:,.0f} MB.",
            "",
            "| step | wall, s | driver, s | wall, ms a piece | driver, ms a piece | driver's memory, MB |",
            "|---|---|---|---|---|---|",
            *rows,
            "",
        ]
    )


if __name__ == "__main__":
    main()
