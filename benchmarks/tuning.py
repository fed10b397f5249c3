"""Hypervolume against the number of configurations for TPE, NSGA-II and random draws, and what a draw costs.

    python benchmarks/tuning.py

Searches the space of `lcvae_tuning` through `raysweep.tuning.Search`, as a run does, with a closed form in the place of
training. It is no fit to any measurement, but made to trade off as LC-VAEs are said to: a tight model (large λ, small
c) has a larger loss and a smaller looseness; the loss has a best dim(z), looseness grows with it; a learning rate other
than 1e-3 harms both.

Hypervolume is the area that the configurations tried so far dominate below the reference point. Ratios to random are of
means over the same seeds; their 95 % intervals are bootstrap intervals over seeds.
"""

import argparse
import csv
import importlib.util
import math
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from raysweep.search import Search
from raysweep.store import StudyStore
from raysweep.study import LcVae, Nsga2, Random, Tpe, Tuning
from raysweep.study.tuning import AnySampler

FILE = Path(__file__).parents[1] / "search_spaces" / "lcvae_tuning.py"
SAMPLERS: dict[str, AnySampler] = {"tpe": Tpe(), "nsga2": Nsga2(population=10), "random": Random()}
OBJECTIVES = ("held_out_loss", "looseness")
REFERENCE = (2.5, 1.3)
"""Worse than every value near the front; what is worse than it dominates nothing."""
SHOWN = (10, 20, 30, 40)
RESAMPLES = 10_000


def surrogate(model: LcVae) -> tuple[float, float]:
    """Loss and looseness of a made-up LC-VAE; both are to be small."""
    by_lam = math.log1p(model.lam) / math.log1p(300)
    by_c = 0.0 if math.isinf(model.c) else math.log(0.3 / model.c) / math.log(100)
    share = 1.0 if model.clamp == "weights_and_gains" else 0.7
    tight = 1 - (1 - by_lam) * (1 - 0.8 * share * by_c)
    size = math.log(model.latent_dim) / math.log(50)
    detuned = (math.log10(model.learning_rate) + 3) ** 2
    loss = math.exp(-model.latent_dim / 10) + 0.3 * size + 0.8 * tight**2 + 0.3 * detuned
    return loss, (1 - 0.9 * tight) * (0.3 + 0.7 * size) + 0.1 * detuned


def hypervolume(points: NDArray[np.float64]) -> float:
    """The area between two-dimensional points and `REFERENCE`."""
    area, ceiling = 0.0, REFERENCE[1]
    for x, y in sorted(map(tuple, points)):
        if x < REFERENCE[0] and y < ceiling:
            area += (REFERENCE[0] - x) * (ceiling - y)
            ceiling = y
    return area


def search(tuning: Tuning, folder: Path) -> tuple[list[float], float]:
    """Hypervolume after each configuration, and the CPU seconds that one costs to draw and record."""
    started = time.process_time()
    found = Search(tuning, StudyStore(folder))
    points: list[tuple[float, float]] = []
    while len(points) < tuning.configurations:
        each = found.draw()
        assert isinstance(each.model, LcVae)
        values = surrogate(each.model)
        scores = {name: [value] for name, value in zip(OBJECTIVES, values, strict=True)}
        found.tell(replace(each, state="complete", scores=scores))
        points.append(values)
    spent = (time.process_time() - started) / tuning.configurations
    return [hypervolume(np.array(points[: count + 1])) for count in range(len(points))], spent


def interval(values: NDArray[np.float64], others: NDArray[np.float64]) -> tuple[float, float, float]:
    """Ratio of the means of two equally long samples, pair by pair, with its bootstrap interval."""
    drawn = np.random.default_rng(0).integers(len(values), size=(RESAMPLES, len(values)))
    low, high = np.quantile(values[drawn].mean(axis=1) / others[drawn].mean(axis=1), [0.025, 0.975])
    return float(values.mean() / others.mean()), float(low), float(high)


def base(configurations: int) -> Tuning:
    """The tuning of `lcvae_tuning`, for the two objectives of the surrogate."""
    spec = importlib.util.spec_from_file_location("lcvae_tuning", FILE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return Tuning.model_validate(
        {
            **{name: getattr(module.REDUCED, name) for name in Tuning.model_fields},
            "objectives": OBJECTIVES,
            "configurations": configurations,
        }
    )


def main() -> None:
    """Runs every sampler on every seed; writes the CSV and the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=10, help="searches of each sampler (default: 10)")
    parser.add_argument("--configurations", type=int, default=max(SHOWN), help="of each search (default: 40)")
    parser.add_argument("--output", type=Path, default=Path("docs/results/tuning"), metavar="DIR")
    options = parser.parse_args()
    tuning = base(options.configurations)
    areas = {name: np.zeros((options.seeds, options.configurations)) for name in SAMPLERS}
    costs = {name: np.zeros(options.seeds) for name in SAMPLERS}
    for seed in range(options.seeds):  # the samplers take turns, so that a busy machine slows all of them
        for name, sampler in SAMPLERS.items():
            own = tuning.model_copy(update={"sampler": sampler, "search_seed": seed})
            with tempfile.TemporaryDirectory() as folder:
                areas[name][seed], costs[name][seed] = search(own, Path(folder))
        print(f"seed {seed}: {', '.join(f'{name} {area[seed, -1]:.3f}' for name, area in areas.items())}", flush=True)
    options.output.mkdir(parents=True, exist_ok=True)
    with (options.output / "hypervolume.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["sampler", "seed", "configurations", "hypervolume"])
        for name, area in areas.items():
            for (seed, count), value in np.ndenumerate(area):
                rows.writerow([name, seed, count + 1, f"{value:.6g}"])
    (options.output / "hypervolume.md").write_text(page(areas, costs))


def page(areas: dict[str, NDArray[np.float64]], costs: dict[str, NDArray[np.float64]]) -> str:
    """The tables, in Markdown."""
    seeds, configurations = areas["random"].shape
    shown = [count for count in SHOWN if count <= configurations]
    rule = "| --- |" + " ---: |" * len(shown)
    lines = [
        f"Written by `python benchmarks/tuning.py`: {seeds} searches of {configurations} configurations each.",
        "",
        "Hypervolume, mean over seeds, after so many configurations:",
        "",
        "| sampler | " + " | ".join(map(str, shown)) + " |",
        rule,
        *(
            f"| {name} | " + " | ".join(f"{area[:, count - 1].mean():.3f}" for count in shown) + " |"
            for name, area in areas.items()
        ),
        "",
        "Its ratio to that of random draws after as many, with 95 % intervals:",
        "",
        "| sampler | " + " | ".join(map(str, shown)) + " |",
        rule,
    ]
    for name in [name for name in areas if name != "random"]:
        cells = [interval(areas[name][:, count - 1], areas["random"][:, count - 1]) for count in shown]
        lines.append(f"| {name} | " + " | ".join(f"{r:.3f} [{low:.3f}, {high:.3f}]" for r, low, high in cells) + " |")
    lines += [
        "",
        "CPU time to draw a configuration and to record it, mean over all: "
        + ", ".join(f"{name} {1000 * cost.mean():.0f} ms" for name, cost in costs.items())
        + ".",
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
