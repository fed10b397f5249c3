"""How busy a run keeps the machine: runs the digits study from nothing, and sets its work against its wall time.

    python benchmarks/default_study.py [RESULTS]

Prints the wall time of the whole command, the processor time that went into training and measuring, and its share of
what the cores could have given. Results go to a new folder below RESULTS (by default a temporary one).
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from raysweep.results.store import StudyStore


def main(parent: str | None = None) -> None:
    """Runs the study and prints the figures."""
    folder = Path(tempfile.mkdtemp(prefix="raysweep-", dir=parent))
    started = time.perf_counter()
    subprocess.run([sys.executable, "-m", "raysweep.run", "digits", "--results", str(folder)], check=True)
    wall = time.perf_counter() - started
    schedule = StudyStore(folder / "digits").table("schedule")
    cores = os.cpu_count() or 1
    span = (schedule["started"] + schedule["wall"]).max() - schedule["started"].min()
    work = schedule["cpu"].sum()
    print(f"\nwhole command              {wall:7.1f} s wall")
    print(f"first start to last end    {span:7.1f} s wall")
    for name, group in schedule.groupby("work"):
        print(f"  {name:24} {group['cpu'].sum():7.1f} s of processor time in {len(group)} pieces")
    print(f"training and measuring     {work:7.1f} s of processor time")
    print(f"share of {cores} cores, whole command          {work / cores / wall:6.1%}")
    print(f"share of {cores} cores, first start to last end {work / cores / span:6.1%}")


if __name__ == "__main__":
    main(*sys.argv[1:2])
