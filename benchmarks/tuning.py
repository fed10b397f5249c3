"""What a search costs and what its samplers buy, on a recorded table of trained models.

    python benchmarks/tuning.py record RESULTS     # trains LC-VAEs of digits at random settings: minutes
    python benchmarks/tuning.py hypervolume        # TPE, NSGA-II and random draws on an interpolation of that table
    python benchmarks/tuning.py scheduling FOLDER  # what a search took beside its work, from what it left there
    python benchmarks/tuning.py idling             # how long workers wait for the next configuration, simulated

`record` is a random search through `raysweep.tuning.run`, and goes on where it was interrupted. The table is committed
as `digits.csv`: every objective of the LC-VAE's tuning, for settings of its space.

The interpolation is a smoothed radial basis function (thin-plate splines) of each objective, on a logarithmic scale
where it is positive, over the settings on the scales that they are searched on; a value apart from its range stands
beside it. It is cut where it leaves the range of what was recorded, and fails where the nearest recorded configuration
did. How well it predicts configurations that were left out is said beside every result.

Hypervolume is the share of a box that the configurations tried so far dominate: between the best recorded value of each
objective and its `REFERENCE` quantile, on the scales above. Ratios to random are of means over the same seeds; their
95 % intervals are bootstrap intervals over seeds.
"""

import argparse
import heapq
import math
import shutil
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from rich.console import Console
from scipy.interpolate import RBFInterpolator

from raysweep.cli.loading import load_study
from raysweep.cli.progress import ConsoleProgress
from raysweep.execution.serial import SerialBackend
from raysweep.execution.tasks import Workplace
from raysweep.results.gathering import gather
from raysweep.results.store import StudyStore
from raysweep.study import Digits, FrechetDistance, LcVae, LeNet, Omega
from raysweep.study.core import AxisValue
from raysweep.study.objectives import OBJECTIVES
from raysweep.tuning import Nsga2, Random, Tpe, Tuning
from raysweep.tuning.agenda import run_search
from raysweep.tuning.search import Configuration, Search
from raysweep.tuning.settings import AnySampler, Choice, Dimension, Real

Matrix = NDArray[np.float64]

OUTPUT = Path("docs/results/tuning")
SEARCHES: dict[str, tuple[AnySampler, int]] = {
    "tpe": (Tpe(), 4),
    "tpe, one at a time": (Tpe(), 1),
    "nsga2": (Nsga2(population=10), 4),
    "random": (Random(), 4),
}
"""Sampler, and `parallel`."""
SHOWN = (10, 20, 40, 60)
RESAMPLES = 10_000
REFERENCE = 0.9
POINTS = 20_000
"""Of the box, by which hypervolumes are estimated; the same for all searches."""
SMOOTHING = (1e-3, 1e-2, 1e-1, 1.0, 10.0)
FOLDS = 10
BESIDE = 0.3
"""How far beside its range, of length 1, a value stands that is apart from it."""


def recorded_tuning() -> Tuning:
    """The space of `lcvae_tuning`, and its objectives but for the class radius, on digits.

    At this budget too many models make images of few classes, and so have no class radius.
    """
    mnist = load_study("lcvae_tuning", reduced=True)
    assert isinstance(mnist, Tuning)
    return Tuning(
        name="digits_table",
        title="LC-VAEs of digits at random settings",
        question="What do these settings do?",
        data=Digits(),
        model=LcVae(latent_dim=10, steps=150, batch=64, width=8),
        space=mnist.space,
        objectives=tuple(name for name in mnist.objectives if name != "class_radius"),
        measures=(Omega(pairs=1_000, jacobians=4), FrechetDistance(features="lenet", samples=1_000)),
        baselines=mnist.baselines,
        sampler=Random(),
        configurations=160,
        seeds=(0,),
        classifier=LeNet(epochs=10),
    )


def record(tuning: Tuning, results: Path) -> None:
    """Trains and measures what is missing, and writes the table: a row for each configuration."""
    results.mkdir(parents=True, exist_ok=True)
    workplace = Workplace(str(results.absolute()), results.absolute())
    search = run_search(tuning, workplace, SerialBackend(), ConsoleProgress(Console()))
    rows = [
        {
            "configuration": each.arm,
            **{name: getattr(each.model, name) for name in tuning.space},
            **{name: each.scores[name][0] if each.scores else math.nan for name in tuning.objectives},
            "reason": each.reason,
        }
        for each in search.configurations()
    ]
    pd.DataFrame(rows).to_csv(OUTPUT / "digits.csv", index=False, float_format="%.6g")
    (OUTPUT / "hypervolume.csv").unlink(missing_ok=True)  # of searches on another table


def place(dimension: Dimension, value: AxisValue) -> float:
    """Where a value stands along its setting: within 0 … 1, or beside it."""
    if isinstance(dimension, Choice):
        return float(dimension.values.index(value))
    assert isinstance(dimension, Real)
    if value == dimension.otherwise:
        return -BESIDE if float(value) < dimension.low else 1 + BESIDE
    scale = math.log if dimension.log else float
    return (scale(float(value)) - scale(dimension.low)) / (scale(dimension.high) - scale(dimension.low))


@dataclass(frozen=True)
class Recorded:
    """The table, on the scales of the interpolation: a row for each configuration; NaN where it failed."""

    tuning: Tuning
    places: Matrix
    values: Matrix
    """Small is good; mean 0 and variance 1 over the configurations."""

    @classmethod
    def load(cls, tuning: Tuning) -> "Recorded":
        """The committed table."""
        table = pd.read_csv(OUTPUT / "digits.csv")
        for name in tuning.objectives:
            if (table[name].dropna() > 0).all():
                table[name] = np.log(table[name])
            table[name] *= OBJECTIVES[name].sign
        rows = table.to_dict("records")
        places = [[place(dimension, row[name]) for name, dimension in tuning.space.items()] for row in rows]
        values = table[list(tuning.objectives)]
        return cls(tuning, np.array(places), ((values - values.mean()) / values.std()).to_numpy())

    @property
    def scored(self) -> NDArray[np.bool_]:
        """Which configurations have every objective."""
        return np.asarray(np.isfinite(self.values).all(axis=1))

    @cached_property
    def held_out(self) -> dict[float, NDArray[np.float64]]:
        """By smoothing, the share of each objective's variance that is not explained where it was left out."""
        places, values = self.places[self.scored], self.values[self.scored]
        parts = np.random.default_rng(0).permutation(len(places)) % FOLDS
        found = {}
        for smoothing in SMOOTHING:
            guesses = np.zeros_like(values)
            for part in range(FOLDS):
                left_out = parts == part
                guesses[left_out] = _spline(places[~left_out], values[~left_out], smoothing)(places[left_out])
            found[smoothing] = np.square(guesses - values).mean(axis=0) / values.var(axis=0)
        return found

    @cached_property
    def smoothing(self) -> float:
        """The one that predicts best what was left out."""
        return min(SMOOTHING, key=lambda smoothing: self.held_out[smoothing].mean())

    @cached_property
    def spline(self) -> RBFInterpolator:
        """The interpolation of all that was recorded."""
        return _spline(self.places[self.scored], self.values[self.scored], self.smoothing)

    def predict(self, model: LcVae) -> NDArray[np.float64] | None:
        """The objectives at these settings, small is good; None where it fails."""
        at = np.array([[place(dimension, getattr(model, name)) for name, dimension in self.tuning.space.items()]])
        nearest = np.square(self.places - at).sum(axis=1).argmin()
        if not self.scored[nearest]:
            return None
        recorded = self.values[self.scored]
        return np.clip(self.spline(at)[0], recorded.min(axis=0), recorded.max(axis=0))


def _spline(places: Matrix, values: Matrix, smoothing: float) -> RBFInterpolator:
    return RBFInterpolator(places, values, kernel="thin_plate_spline", smoothing=smoothing)


class Hypervolume:
    """The share of a box that the points told so far dominate."""

    def __init__(self, recorded: Recorded) -> None:
        values = recorded.values[recorded.scored]
        low, high = values.min(axis=0), np.quantile(values, REFERENCE, axis=0)
        self.points = np.random.default_rng(0).uniform(low, high, (POINTS, values.shape[1]))
        self.dominated = np.zeros(POINTS, dtype=bool)

    def tell(self, point: NDArray[np.float64] | None) -> float:
        """The share with this one; None is a failure."""
        if point is not None:
            self.dominated |= (point <= self.points).all(axis=1)
        return float(self.dominated.mean())


def search(tuning: Tuning, recorded: Recorded, folder: Path) -> tuple[list[float], float]:
    """Hypervolume after each configuration, and the CPU seconds that one costs to draw and record."""
    found, spent, shares, volume = Search(tuning, StudyStore(folder)), 0.0, [], Hypervolume(recorded)
    for _ in range(tuning.configurations):
        started = time.process_time()
        each = found.draw()
        spent += time.process_time() - started
        assert isinstance(each.model, LcVae)
        point = recorded.predict(each.model)
        shares.append(volume.tell(point))
        ended = _ended(each, tuning.objectives, point)
        started = time.process_time()
        found.tell(ended)
        spent += time.process_time() - started
    return shares, spent / tuning.configurations


def _ended(configuration: Configuration, objectives: Sequence[str], point: NDArray[np.float64] | None) -> Configuration:
    if point is None:
        return replace(configuration, state="failed", reason="as the nearest recorded one did")
    scores = {name: [OBJECTIVES[name].sign * float(value)] for name, value in zip(objectives, point, strict=True)}
    return replace(configuration, state="complete", scores=scores)


def ratio(values: NDArray[np.float64], others: NDArray[np.float64]) -> str:
    """Ratio of the means of two equally long samples, pair by pair, with its bootstrap interval."""
    drawn = np.random.default_rng(0).integers(len(values), size=(RESAMPLES, len(values)))
    low, high = np.quantile(values[drawn].mean(axis=1) / others[drawn].mean(axis=1), [0.025, 0.975])
    return f"{values.mean() / others.mean():.3f} [{low:.3f}, {high:.3f}]"


def compare(seeds: int, configurations: int) -> None:
    """Runs every search on every seed, but for those in `hypervolume.csv`; adds them there, writes `hypervolume.md`."""
    recorded, file = Recorded.load(recorded_tuning()), OUTPUT / "hypervolume.csv"
    found = pd.read_csv(file) if file.is_file() else pd.DataFrame(columns=["search", "seed"])
    known = set(zip(found["search"], found["seed"], strict=True))
    for seed in range(seeds):  # the searches take turns, so that a busy machine slows all of them
        for name, (sampler, parallel) in SEARCHES.items():
            if (name, seed) in known:
                continue
            changes = {"sampler": sampler, "parallel": parallel, "search_seed": seed, "configurations": configurations}
            with tempfile.TemporaryDirectory() as folder:
                tuning = recorded.tuning.model_copy(update=changes)
                shares, seconds = search(tuning, recorded, Path(folder))
            counts = range(1, configurations + 1)
            columns = {"search": name, "seed": seed, "configurations": counts, "hypervolume": shares}
            new = pd.DataFrame({**columns, "seconds_a_draw": round(seconds, 4)})
            found = new if found.empty else pd.concat([found, new])
            found.to_csv(file, index=False, float_format="%.6g")
            print(f"seed {seed}: {name} {shares[-1]:.3f}", flush=True)
    (OUTPUT / "hypervolume.md").write_text(page(recorded, found))


def page(recorded: Recorded, found: pd.DataFrame) -> str:
    """The tables, in Markdown."""
    by_seed = found.pivot_table(index=["search", "seed"], columns="configurations", values="hypervolume")
    shares = {name: by_seed.loc[name].to_numpy() for name in SEARCHES}
    costs = found.groupby("search")["seconds_a_draw"].mean()
    seeds, configurations = shares["random"].shape
    shown = [count for count in SHOWN if count <= configurations]
    unexplained = recorded.held_out[recorded.smoothing]
    lines = [
        f"Written by `python benchmarks/tuning.py hypervolume`: {seeds} searches of {configurations} configurations.",
        "",
        f"The table has {len(recorded.values)} configurations of one seed, of which {int((~recorded.scored).sum())} "
        "failed. Of each objective's variance over the others, this is what the interpolation (smoothing "
        f"{recorded.smoothing:g}) does not explain where they were left out, in {FOLDS} parts; some of it is noise of "
        "the one seed:",
        "",
        "| objective | unexplained |",
        "| --- | ---: |",
        *(
            f"| {OBJECTIVES[name].words} | {left:.0%} |"
            for name, left in zip(recorded.tuning.objectives, unexplained, strict=True)
        ),
        "",
        "Hypervolume, mean over seeds, after so many configurations:",
        "",
        *_table(shown, {name: [f"{share[:, n - 1].mean():.3f}" for n in shown] for name, share in shares.items()}),
        "",
        "Its ratio to that of random draws after as many, with 95 % intervals:",
        "",
        *_table(
            shown,
            {
                name: [ratio(share[:, n - 1], shares["random"][:, n - 1]) for n in shown]
                for name, share in shares.items()
                if name != "random"
            },
        ),
        "",
        "CPU time to draw a configuration and to record it, mean over all: "
        + ", ".join(f"{name} {1000 * costs[name]:.0f} ms" for name in SEARCHES)
        + ".",
    ]
    return "\n".join(lines) + "\n"


def _table(heads: Sequence[object], rows: Mapping[str, Sequence[str]]) -> list[str]:
    return [
        "| search | " + " | ".join(map(str, heads)) + " |",
        "| --- |" + " ---: |" * len(heads),
        *(f"| {name} | " + " | ".join(cells) + " |" for name, cells in rows.items()),
    ]


def schedule(folders: Sequence[Path], workers: int) -> None:
    """Prints, for the results folder of each search that was not interrupted, what it took beside its work.

    Work is the wall time of all trials and shards, within their processes. Lost is the rest of wall time × workers,
    from the start of the first to the end of the last: drawing, recording, reading results, sending tasks, and idling.
    """
    rows = {}
    for folder in folders:
        tuning = Tuning.model_validate_json((folder / "tuning.json").read_bytes())
        with tempfile.TemporaryDirectory() as copy:  # a search's work is in none of its tables
            store = StudyStore(shutil.copytree(folder, copy, dirs_exist_ok=True))
            configurations = Search(tuning, store).configurations()
            study = tuning.study({each.arm: each.model for each in configurations}, tuning.seeds)
            gather(store, study, store.load_facts())
            work = store.table("schedule")
        elapsed = float((work["started"] + work["wall"]).max() - work["started"].min())
        lost = elapsed * workers - float(work["wall"].sum())
        numbers = [elapsed, float(workers), float(work["wall"].sum()), lost / len(configurations)]
        rows[str(folder)] = [str(len(configurations)), *(f"{number:.1f}" for number in numbers)]
    heads = ["configurations", "elapsed, s", "workers", "work, s", "lost a configuration, s"]
    print("\n".join(_table(heads, rows)))


def idling(searches: int = 50, configurations: int = 100) -> None:
    """Prints how busy workers are, simulated, if each has one configuration at a time and durations are log-normal.

    In batches all of one must end before the next is drawn. In a window a configuration is drawn when all but the last
    `Tuning.lag` have ended. Without an order it is drawn as soon as any has, and the search depends on which.
    """
    rows = {}
    for spread in (0.25, 0.5, 1.0):
        sigma = math.sqrt(math.log(1 + spread**2))
        for parallel in (2, 4, 8):
            lag = recorded_tuning().model_copy(update={"parallel": parallel}).lag
            numbers = np.arange(configurations)
            known = [numbers - numbers % parallel, numbers - lag, 0 * numbers]
            durations = np.random.default_rng(0).lognormal(0, sigma, (searches, configurations))
            shares = [np.mean([busy(each, parallel, counts) for each in durations]) for counts in known]
            rows[f"{parallel} in work, durations ± {spread:.0%}"] = [f"{share:.0%}" for share in shares]
    print("\n".join(_table(["in batches", "in a window", "without an order"], rows)))


def busy(durations: NDArray[np.float64], parallel: int, known: NDArray[np.int64]) -> float:
    """The share of the time that `parallel` workers are busy, if each draw waits for so many first configurations."""
    ends, free = np.zeros(len(durations)), [0.0] * parallel
    for number, duration in enumerate(durations):
        start = max(heapq.heappop(free), *ends[: max(0, known[number])], 0.0)
        ends[number] = start + duration
        heapq.heappush(free, ends[number])
    return float(durations.sum() / (parallel * ends.max()))


def main() -> None:
    """Does what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    recording = commands.add_parser("record")
    recording.add_argument("results", type=Path, metavar="RESULTS", help="folder of the trained models")
    comparing = commands.add_parser("hypervolume")
    comparing.add_argument("--seeds", type=int, default=10, help="searches of each kind (default: 10)")
    comparing.add_argument("--configurations", type=int, default=max(SHOWN), help="of each search (default: 60)")
    commands.add_parser("idling")
    scheduling = commands.add_parser("scheduling")
    scheduling.add_argument("folders", type=Path, nargs="+", metavar="FOLDER", help="results folder of a search")
    scheduling.add_argument("--workers", type=int, default=1, help="cores that it could use (default: 1)")
    options = parser.parse_args()
    if options.command == "record":
        record(recorded_tuning(), options.results)
    elif options.command == "hypervolume":
        compare(options.seeds, options.configurations)
    elif options.command == "idling":
        idling()
    else:
        schedule(options.folders, options.workers)


if __name__ == "__main__":
    main()
