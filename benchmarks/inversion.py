"""Three ways to invert one generator, side by side: the paper's, Webster's and ours.

    python benchmarks/inversion.py --data digits

For each dim(z) a WGAN-GP is trained briefly by raysweep itself; the same images are then inverted by

- the paper's method written plainly: the generator as it was trained, eager, one fixed batch, 10,000 steps of
  projected Adam with its default settings, from one prior sample each (Pinetz, Soukup and Pock, 2019);
- Webster's: PyTorch's L-BFGS, 50 steps an image, one image at a time (Webster et al., 2019);
- ours: `raysweep.inversion.Inverter` with its defaults; if that is L-BFGS, also with 1,000 steps, and with 1,000 steps
  from the best four of eight starts.

Errors are ‖g(z) − x‖² over the mean of ‖x − mean image‖² on training images: 1 is no better than the mean image.
"Generated" images come from known latents: their true error is 0, and those below 1e-4 count as recovered. "Foreign"
images are those of another data set, resized. Intervals are 95 % bootstrap intervals over images. Ours and Webster's
run before and after the paper's; times are medians. What all images of a model share (ours: the rewriting, the bank
of prior samples, the regression and the first inverse Hessian) is timed on its own. "As planned" are the passes an
image that `--plan` reckons with.

Rows are written after each dim(z). A run that was interrupted goes on where it stopped if started again; to measure
anew, remove its files.
"""

import argparse
import csv
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from raysweep.data import load_data
from raysweep.data.images import DataSet
from raysweep.inversion import Inversion, Inverter, project, projected_adam, radius, webster
from raysweep.measures.targets import converted
from raysweep.models.learner import Learner
from raysweep.results.store import StudyStore
from raysweep.study import Automatic, BallLbfgs, Digits, ImageFolder, Mnist, ProjectedAdam, Trial, WebsterLbfgs, WganGp
from raysweep.study.data import DataSettings
from raysweep.study.solvers import Solver
from raysweep.training.loop import TrainingRun

CPU = torch.device("cpu")
DATA: dict[str, DataSettings] = {
    "digits": Digits(),
    "mnist": Mnist(),
    "cifar10-jpg": ImageFolder(path="cifar10-jpg/train", validation_path="cifar10-jpg/test", size=32),
}
FOREIGN: dict[str, DataSettings] = {"digits": Mnist(), "mnist": Digits(), "cifar10-jpg": Mnist()}
"""Whose images are foreign, by data set."""
PARTS = ("train", "validation", "foreign", "generated")
ROUNDS = 2
"""How often ours and Webster's are timed: once before the paper's method, once after it."""
RECOVERED = 1e-4
DIMS, ADAM_STEPS = [2, 10, 64, 256], 10_000


@dataclass(frozen=True)
class Problem:
    """A generator and the images to invert: `count` of each part, in one batch."""

    latent_dim: int
    learner: Learner
    images: Tensor
    count: int
    signal: float
    """Mean ‖x − mean image‖² of training images."""


@dataclass
class Timing:
    """Seconds of each round, and what the last one found."""

    wall: list[float]
    cpu: list[float]
    found: Inversion | None = None

    def measure(self, work: Callable[[], object]) -> None:
        """Runs `work` and adds its times."""
        wall, cpu = time.perf_counter(), time.process_time()
        found = work()
        self.wall.append(time.perf_counter() - wall)
        self.cpu.append(time.process_time() - cpu)
        self.found = found if isinstance(found, Inversion) else None


def main(arguments: Sequence[str] | None = None) -> None:
    """Trains, inverts, prints a table and writes it."""
    options = _options(arguments)
    torch.set_num_threads(1)
    data = load_data(DATA[options.data], options.folder)
    options.output.mkdir(parents=True, exist_ok=True)
    rows = _kept(options)
    for latent_dim in options.dims:
        if any(row["dim(z)"] == str(latent_dim) for row in rows):
            print(f"dim(z) = {latent_dim} is kept from {_csv(options)}; remove that file to measure it anew")
            continue
        problem = _problem(data, latent_dim, options)
        rows += [{**_protocol(options), **row} for row in _compare(problem, options.adam_steps)]
        _write(rows, options)
        print(_tables(rows), flush=True)
    _write(rows, options)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Inversion of trained generators, three ways, side by side.")
    parser.add_argument("--data", choices=DATA, default="digits")
    parser.add_argument("--folder", type=Path, default=Path("data"), help="where data sets lie")
    parser.add_argument("--dims", type=int, nargs="+", default=DIMS)
    parser.add_argument("--images", type=int, default=32, help="of each part: " + ", ".join(PARTS))
    parser.add_argument("--train-steps", type=int, default=400, help="generator steps of the WGAN-GP")
    parser.add_argument("--width", type=int, default=8, help="of the WGAN-GP")
    parser.add_argument("--adam-steps", type=int, default=ADAM_STEPS, help="of the paper's method")
    parser.add_argument("--output", type=Path, default=Path(__file__).parents[1] / "docs" / "results" / "inversion")
    return parser.parse_args(arguments)


def _protocol(options: argparse.Namespace) -> dict[str, object]:
    """What rows must agree in to stand in one table."""
    return {
        "images": str(options.images),
        "training steps": str(options.train_steps),
        "width": str(options.width),
        "Adam's steps": str(options.adam_steps),
    }


def _csv(options: argparse.Namespace) -> Path:
    path: Path = options.output / f"{options.data}.csv"
    return path


def _kept(options: argparse.Namespace) -> list[dict[str, object]]:
    """Rows that an earlier run of the same protocol wrote, with what plans now reckon with, which is no measurement."""
    if not _csv(options).is_file():
        return []
    with _csv(options).open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if _protocol(options).items() <= row.items()]
    solvers = {row["dim(z)"]: _solvers(int(row["dim(z)"]), options.adam_steps) for row in rows}
    return [{**row, "as planned": _planned(solvers[row["dim(z)"]][row["method"]], int(row["dim(z)"]))} for row in rows]


def _solvers(latent_dim: int, adam_steps: int) -> dict[str, Solver]:
    """What is compared, by name."""
    ours = Automatic().at(latent_dim)
    solvers: dict[str, Solver] = {"paper": ProjectedAdam(steps=adam_steps), "Webster": WebsterLbfgs(), "ours": ours}
    if isinstance(ours, BallLbfgs):
        solvers["ours, 1,000 steps"] = ours.model_copy(update={"steps": 1_000})
        solvers["ours, 4 searches"] = BallLbfgs(steps=1_000, finalists=4)
    return solvers


def _planned(solver: Solver, latent_dim: int) -> str:
    return f"{solver.expected_passes(latent_dim):.0f}"


def _problem(data: DataSet, latent_dim: int, options: argparse.Namespace) -> Problem:
    model = WganGp(latent_dim=latent_dim, steps=options.train_steps, width=options.width, learning_rate=5e-4)
    trial = Trial(arm="benchmark", model=model, data=DATA[options.data], seed=0)
    with tempfile.TemporaryDirectory() as folder:
        run = TrainingRun(trial, data, StudyStore(Path(folder)), CPU, checkpoint_seconds=float("inf"))
        state = run.advance(float("inf"))
        run.close()
    if state.status != "finished":
        raise SystemExit(f"training at dim(z) = {latent_dim} ended as {state.status}")
    run.learner.load_weights(run.learner.weights())
    count, stream = options.images, torch.Generator().manual_seed(0)
    z = project(torch.randn(count, latent_dim, generator=stream), radius("paper_ball", latent_dim))
    parts = [split.batch(np.arange(count), CPU)[0] for split in (data.train, data.validation)]
    foreign = load_data(FOREIGN[options.data], options.folder)
    parts.append(converted(foreign.validation.batch(np.arange(count), CPU)[0], data.facts.shape))
    with torch.no_grad():
        parts.append(run.learner.generate(z))
    sample = data.train.batch(np.arange(min(1_000, len(data.train))), CPU)[0]
    signal = float((sample - sample.mean(dim=0)).square().flatten(1).sum(dim=1).mean())
    return Problem(latent_dim, run.learner, torch.cat(parts), count, signal)


def _compare(problem: Problem, adam_steps: int) -> list[dict[str, object]]:
    dim, images, plain = problem.latent_dim, problem.images, problem.learner.networks["generator"]
    starts = torch.randn(1, len(images), dim, generator=torch.Generator().manual_seed(1))
    solvers = _solvers(dim, adam_steps)
    timings = {method: Timing([], []) for method in solvers}
    shared = Timing([], [])

    def run_others() -> None:
        inverter = Inverter(plain, dim)
        shared.measure(lambda: inverter.prepare(images))
        timings["ours"].measure(lambda: inverter.invert(images))
        timings["Webster"].measure(lambda: webster.invert(plain, images, starts, WebsterLbfgs()))

    # What is loaded at the first use of a solver is no part of its time.
    Inverter(plain, dim).invert(images[:2])
    run_others()
    timings["paper"].measure(lambda: projected_adam.invert(plain, images, starts, ProjectedAdam(steps=adam_steps)))
    run_others()
    for method in (name for name in solvers if name.startswith("ours, ")):
        patient = Inverter(plain, dim, solvers[method])
        patient.prepare(images)
        timings[method].measure(partial(patient.invert, images))
    return [
        _row(problem, method, solver, timings[method], timings["paper"], shared if method.startswith("ours") else None)
        for method, solver in solvers.items()
    ]


def _row(
    problem: Problem, method: str, solver: Solver, timing: Timing, reference: Timing, shared: Timing | None
) -> dict[str, object]:
    found = timing.found
    assert found is not None
    images = len(problem.images)
    error = (found.error / problem.signal).numpy().reshape(len(PARTS), problem.count)
    row: dict[str, object] = {"dim(z)": str(problem.latent_dim), "method": method}
    for part, values in zip(PARTS, error, strict=True):
        low, high = _interval(values)
        row[f"{part}: mean"] = f"{values.mean():.3g}"
        row[f"{part}: interval"] = f"{low:.2g} to {high:.2g}"
        row[f"{part}: median"] = f"{np.median(values):.3g}"
    row["recovered"] = f"{100 * (error[-1] < RECOVERED).mean():.0f} %"
    row["passes an image"] = f"{float(found.passes.float().mean()):.0f}"
    row["as planned"] = _planned(solver, problem.latent_dim)
    row["passes shared"] = f"{solver.shared_passes(problem.latent_dim):.0f}"
    wall, cpu = statistics.median(timing.wall), statistics.median(timing.cpu)
    row["wall ms an image"] = f"{1e3 * wall / images:.2f}"
    row["CPU ms an image"] = f"{1e3 * cpu / images:.2f}"
    row["shared CPU s"] = f"{statistics.median(shared.cpu):.2f}" if shared else "0"
    row["times less wall time"] = f"{statistics.median(reference.wall) / wall:.0f}"
    row["times less CPU"] = f"{statistics.median(reference.cpu) / cpu:.0f}"
    return row


def _interval(values: NDArray[np.float32], resamples: int = 2_000) -> tuple[float, float]:
    """95 % bootstrap interval of the mean over images."""
    picks = np.random.default_rng(0).integers(0, len(values), (resamples, len(values)))
    low, high = np.quantile(values[picks].mean(axis=1), [0.025, 0.975])
    return float(low), float(high)


def _tables(rows: Sequence[dict[str, object]]) -> str:
    """One table of errors, with the interval next to each mean, and one of costs."""
    errors = [
        {
            "dim(z)": row["dim(z)"],
            "method": row["method"],
            **{part: f"{row[f'{part}: mean']} ({row[f'{part}: interval']})" for part in PARTS},
            "recovered": row["recovered"],
        }
        for row in rows
    ]
    first_cost = list(rows[0]).index("passes an image")
    costs = [{name: row[name] for name in ("dim(z)", "method", *list(row)[first_cost:])} for row in rows]
    return f"Mean errors, with their intervals:\n\n{_table(errors)}\n\nCosts:\n\n{_table(costs)}"


def _table(rows: Sequence[dict[str, object]]) -> str:
    names = list(rows[0])
    lines = [names, ["---"] * len(names), *([str(row[name]) for name in names] for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _write(rows: Sequence[dict[str, object]], options: argparse.Namespace) -> None:
    assert __doc__ is not None
    explanation = __doc__.split("\n\n", 2)[2]
    command = f"python benchmarks/inversion.py --data {options.data} --images {options.images}"
    command += f" --train-steps {options.train_steps} --width {options.width}"
    if options.dims != DIMS:
        command += f" --dims {' '.join(map(str, options.dims))}"
    short = options.adam_steps != ADAM_STEPS
    if short:
        command += f" --adam-steps {options.adam_steps}"
    with _csv(options).open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    text = f"# Inversion of WGAN-GPs of {options.data}\n\n```sh\n{command}\n```\n\n{explanation}\n"
    text += (
        f"{options.images} images of each part, {options.train_steps} training steps, width {options.width}; "
        f"one thread of a shared machine, so the CPU times are the ones to trust."
        f"{f' The paper takes {options.adam_steps} steps here.' if short else ''}\n\n{_tables(rows)}\n"
    )
    (options.output / f"{options.data}.md").write_text(text)


if __name__ == "__main__":
    main()
