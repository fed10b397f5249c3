"""Class radii whose truth is known, by raysweep and by foolbox's minimum-norm attacks, side by side.

    python -m pip install -e '.[benchmarks]' -c constraints.txt
    python benchmarks/class_radius.py

Problems, each at dim(z) = 2, 10 and 64, with the same prior samples for every method:

- half-spaces: six classes, the largest of random affine scores; the truth is in closed form;
- lattice: a random linear map to the plane, and the nearest of 25 points; the truth is in closed form;
- shell: within √d of the origin or beyond; the truth is |‖z‖ − √d|;
- network: a random tanh network on the two coordinates of a random plane, and the nearest of 25 points; the truth is
  `grid_radius` in that plane, to 1e-4 and on a first grid of spacing 0.02. It is a nonlinear generator whose latent
  space is d-dimensional, but whose images vary in two directions only: one that uses all d has no known truth.

Constants of the search were chosen on problems such as these, the ones called seen among them; its steps along kinks on
a network with leaky rectifiers. Those that are held out have other weights (three seeds, 200 samples each), and
networks of tanh, of leaky and of plain rectifiers; no constant was chosen by them.

Methods are raysweep's `class_radius` with the measure's default settings, and with frugal ones (2 bank starts, 1 start
from 4 rays, 4 projections), and foolbox 3.3.4's L2 attacks with theirs (DeepFool 50 steps, DDN 100, FMN 100,
Brendel-Bethge 1,000), in the box [-10, 10]^d. Brendel-Bethge starts from the nearest of raysweep's bank of another
class, and answers only the first samples, since it solves them one by one on the CPU. What an attack returns is
bisected back to z in ten steps, so that its overshoot is not held against it.

Bias is mean(found) / mean(exact) − 1 over the samples for which a point was found that really is of another class; the
others are failures. It is also given for samples whose search converged, and for the others. Evaluations are generator
passes for each sample, a backward pass counting as one; the bank's, shared by all samples of a model, are not in them.

Coverage: how often the 95 % Student-t interval of E[r], from raysweep's radii of 100 samples, holds the true E[r], in
200 repetitions with fresh samples, rays and bank (of 1,000); the truth is the mean of 2 million exact radii.
"""

import argparse
import csv
import math
import statistics
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from scipy import stats
from torch import Tensor, nn

from raysweep.radius import Bank, Problem, Radii, class_radius, grid_radius, make_bank, nearest_point
from raysweep.radius.exact import affine_radius
from raysweep.radius.problem import Logits
from raysweep.study.measures.class_radius import ClassRadius

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import foolbox

DIMS = (2, 10, 64)
OURS = {
    "raysweep": ClassRadius(),
    "raysweep, frugal": ClassRadius(bank_starts=2, ray_starts=1, rays=4, projections=4),
}
POINTS = torch.cartesian_prod(torch.linspace(-1.6, 1.6, 5), torch.linspace(-1.6, 1.6, 5))
EDGE = 10.0
"""Of the attacks' box."""
ATTACKS = {
    "DeepFool": foolbox.attacks.L2DeepFoolAttack,
    "DDN": foolbox.attacks.DDNAttack,
    "FMN": foolbox.attacks.L2FMNAttack,
    "Brendel-Bethge": foolbox.attacks.L2BrendelBethgeAttack,
}
METHODS = (*OURS, *ATTACKS)
LEAKY = nn.LeakyReLU(0.1)
HELD_OUT = {21: nn.Tanh(), 22: LEAKY, 23: nn.ReLU()}
"""Seeds of the problems by which nothing was chosen, with the networks' activation."""
MOST = 1_000
"""Samples that are drawn of each problem; the first of them are answered."""
BISECTIONS = 10


@dataclass(frozen=True)
class Known:
    """A problem with the truth."""

    name: str
    problem: Problem
    exact: Callable[[Tensor], Tensor]
    seen: bool = True
    """Whether constants of the search were chosen on it, or on others like it."""


class Counted(nn.Module):
    """A problem's scores, with a count of the passes."""

    def __init__(self, problem: Problem) -> None:
        super().__init__()
        self.problem = problem
        self.passes = 0
        self.eval()

    def forward(self, z: Tensor) -> Tensor:
        """Scores (count, classes)."""
        self.passes += len(z)
        scores = self.problem.logits(z)
        if scores.requires_grad:
            scores.register_hook(self._count_backward)
        return scores

    def _count_backward(self, gradient: Tensor) -> None:
        self.passes += len(gradient)


def main(arguments: Sequence[str] | None = None) -> None:
    """Compares, prints the tables and writes them."""
    parser = argparse.ArgumentParser(description="Class radii whose truth is known, by several methods.")
    parser.add_argument("--samples", type=int, default=500, help="prior samples of each problem, up to 1,000")
    parser.add_argument("--held-out", type=int, default=200, help="prior samples of each held-out problem")
    parser.add_argument("--few", type=int, default=4, help="of them, those that Brendel-Bethge answers")
    parser.add_argument("--repetitions", type=int, default=200, help="of the coverage experiment")
    parser.add_argument("--output", type=Path, default=Path(__file__).parents[1] / "docs" / "results" / "class_radius")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    torch.manual_seed(0)
    covered = [coverage(lattice(dim), options.repetitions) for dim in DIMS]
    print(table(covered), flush=True)
    rows: list[dict[str, object]] = []
    kinked = [network(dim, 130, LEAKY) for dim in DIMS]
    seen = [known for dim in DIMS for known in (half_spaces(dim), lattice(dim), shell(dim), network(dim))] + kinked
    fresh = [known for dim in DIMS for seed in HELD_OUT for known in held_out(dim, seed)]
    plan = (
        (seen, METHODS[:-1], options.samples),
        (fresh, METHODS[:-1], options.held_out),
        (seen, METHODS[-1:], options.few),
    )
    for problems, methods, samples in plan:
        for known in problems:
            rows += compare(known, methods, samples)
            print(table(rows[-len(methods) :]), flush=True)
        write(options.output, rows, covered)


def held_out(dim: int, seed: int) -> tuple[Known, ...]:
    """Problems of that seed. The shell has no random numbers, and so no other form."""
    problems = half_spaces(dim, 10 * seed), lattice(dim, 10 * seed), network(dim, 10 * seed, HELD_OUT[seed])
    return tuple(replace(known, seen=False) for known in problems)


def half_spaces(dim: int, seed: int = 1) -> Known:
    """Six classes: the largest of random affine scores."""
    weight, bias = draw(6, dim, seed=seed), draw(6, seed=seed + 1)
    return affine("half-spaces", weight, bias)


def lattice(dim: int, seed: int = 3) -> Known:
    """The nearest of 25 points to a random linear image of z in the plane."""
    matrix = draw(2, dim, seed=seed) / math.sqrt(dim)
    return affine("lattice", POINTS @ matrix, -POINTS.square().sum(dim=1) / 2)


def affine(name: str, weight: Tensor, bias: Tensor) -> Known:
    """Scores W z + b."""
    problem = Problem(lambda z: z, lambda z: z @ weight.T + bias, weight.shape[1])
    return Known(name, problem, lambda z: affine_radius(weight, bias, z))


def shell(dim: int) -> Known:
    """Two classes: ‖z‖² up to d, and beyond."""

    def scores(z: Tensor) -> Tensor:
        beyond = z.square().sum(dim=1) - dim
        return torch.stack([-beyond, beyond], dim=1)

    return Known("shell", Problem(lambda z: z, scores, dim), lambda z: (z.norm(dim=1) - math.sqrt(dim)).abs())


def network(dim: int, seed: int = 4, activation: nn.Module = HELD_OUT[21]) -> Known:
    """A random network of two directions of latent space, and the nearest of 25 points."""
    layers = nn.Sequential(nn.Linear(2, 64), activation, nn.Linear(64, 64), activation, nn.Linear(64, 2))
    stream = torch.Generator().manual_seed(seed)
    for layer in layers:
        if isinstance(layer, nn.Linear):
            nn.init.normal_(layer.weight, std=1.5 / math.sqrt(layer.in_features), generator=stream)
            nn.init.normal_(layer.bias, std=0.5, generator=stream)
    layers.requires_grad_(False)
    axes = torch.linalg.qr(draw(dim, 2, seed=seed + 1)).Q
    plane = Problem(layers, nearest_point(POINTS), 2)
    problem = Problem(lambda z: layers(z @ axes), plane.classify, dim)
    return Known("network", problem, lambda z: grid_radius(plane, z @ axes, spacing=0.02).radius)


def draw(*shape: int, seed: int) -> Tensor:
    """Standard normal numbers."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def compare(known: Known, methods: Sequence[str], samples: int) -> list[dict[str, object]]:
    """A row for each method."""
    problem, z = known.problem, known.problem.sample(MOST, seed=6)[:samples]
    exact, label = known.exact(z), problem.labels(z)
    bank = make_bank(problem.logits, problem.sample(ClassRadius().bank, seed=7))
    rows = []
    for name in methods:
        model, start = Counted(problem), time.process_time()
        if name in OURS:
            radii = search(model, z, bank, OURS[name], seed=8)
            witness, converged = radii.witness, radii.converged
        else:
            other = torch.cdist(z, bank.z).masked_fill(bank.label == label[:, None], torch.inf)
            starts = bank.z[other.argmin(dim=1)] if name == "Brendel-Bethge" else None
            end = attack(name, model, z, label, starts)
            witness, converged = bisect(model, z, label, end), None
        seconds = time.process_time() - start
        found = problem.labels(witness) != label
        radius = (witness - z).norm(dim=1)
        rows.append(
            {
                "problems": "seen" if known.seen else "held out",
                "problem": known.name,
                "dim(z)": problem.latent_dim,
                "method": name,
                "samples": samples,
                "exact E[r]": f"{float(exact.mean()):.4f}",
                "bias": bias(radius, exact, found),
                "worst ratio": f"{float((radius[found] / exact[found]).max()):.2f}",
                "failures": int((~found).sum()),
                "converged": "" if converged is None else f"{100 * float(converged.float().mean()):.1f} %",
                "bias, converged": "" if converged is None else bias(radius, exact, found & converged),
                "bias, others": "" if converged is None else bias(radius, exact, found & ~converged),
                "evaluations": f"{model.passes / samples:.0f}",
                "CPU ms": f"{1e3 * seconds / samples:.2f}",
            }
        )
    return rows


def bias(radius: Tensor, exact: Tensor, of: Tensor) -> str:
    """mean(found) / mean(exact) − 1 of some samples; empty where there are none."""
    return f"{100 * float(radius[of].mean() / exact[of].mean() - 1):+.2f} %" if of.any() else ""


def search(logits: Logits, z: Tensor, bank: Bank, settings: ClassRadius, *, seed: int) -> Radii:
    """Raysweep's answers."""
    return class_radius(
        logits,
        z,
        bank,
        draw(len(z), settings.rays, z.shape[1], seed=seed),
        bank_starts=settings.bank_starts,
        ray_starts=settings.ray_starts,
        projections=settings.projections,
    )


def attack(name: str, model: Counted, z: Tensor, label: Tensor, starts: Tensor | None) -> Tensor:
    """What a foolbox attack returns, with its own default settings."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        wrapped = foolbox.PyTorchModel(model, bounds=(-EDGE, EDGE), device="cpu")
        given = {} if starts is None else {"starting_points": starts.clamp(-EDGE, EDGE)}
        result: Tensor = ATTACKS[name]().run(wrapped, z, foolbox.criteria.Misclassification(label), **given)
    return result.detach()


def bisect(model: Counted, z: Tensor, label: Tensor, end: Tensor) -> Tensor:
    """The ends moved back towards z, as far as the class stays another one."""
    low, high = torch.zeros(len(z), 1), torch.ones(len(z), 1)
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        with torch.no_grad():
            other = model(z + middle * (end - z)).argmax(dim=1, keepdim=True) != label[:, None]
        low, high = torch.where(other, low, middle), torch.where(other, middle, high)
    return z + high * (end - z)


def coverage(known: Known, repetitions: int, samples: int = 100) -> dict[str, object]:
    """How often the interval of E[r] holds the truth."""
    problem = known.problem
    truth = statistics.fmean(float(known.exact(problem.sample(100_000, seed=1_000 + k)).mean()) for k in range(20))
    held, means = 0, []
    for repetition in range(repetitions):
        z = problem.sample(samples, seed=2_000 + repetition)
        bank = make_bank(problem.logits, problem.sample(1_000, seed=12_000 + repetition))
        radius = search(problem.logits, z, bank, ClassRadius(), seed=22_000 + repetition).radius.double()
        mean, error = float(radius.mean()), float(radius.std()) / math.sqrt(samples)
        means.append(mean)
        held += abs(mean - truth) <= float(stats.t.ppf(0.975, samples - 1)) * error
    low, high = stats.binomtest(held, repetitions).proportion_ci()
    return {
        "problem": known.name,
        "dim(z)": problem.latent_dim,
        "exact E[r]": f"{truth:.4f}",
        "bias": f"{100 * (statistics.fmean(means) / truth - 1):+.2f} %",
        "coverage": f"{100 * held / repetitions:.1f} %",
        "its interval": f"{100 * low:.0f} to {100 * high:.0f} %",
    }


def table(rows: Sequence[dict[str, object]]) -> str:
    """A table in Markdown."""
    names = list(rows[0])
    lines = [names, ["---"] * len(names), *([str(row[name]) for name in names] for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def summary(rows: Sequence[dict[str, object]], problems: str) -> list[dict[str, object]]:
    """By method and kind of problem: the mean bias over seeds at each dim(z), and the mean evaluations over all."""
    chosen = [row for row in rows if row["problems"] == problems]
    lines = []
    for method in dict.fromkeys(str(row["method"]) for row in chosen):
        line: dict[str, object] = {"method": method}
        own = [row for row in chosen if row["method"] == method]
        for kind in dict.fromkeys(str(row["problem"]) for row in own):
            biases = [
                statistics.fmean(float(str(row["bias"]).removesuffix(" %")) for row in own if row_is(row, kind, dim))
                for dim in DIMS
            ]
            line[kind] = ", ".join(f"{bias:+.2f}" for bias in biases) + " %"
        passes = [[float(str(row["evaluations"])) for row in own if row["dim(z)"] == dim] for dim in DIMS]
        line["evaluations"] = ", ".join(f"{statistics.fmean(some):.0f}" for some in passes)
        line["failures"] = sum(int(str(row["failures"])) for row in own)
        lines.append(line)
    return lines


def row_is(row: dict[str, object], kind: str, dim: int) -> bool:
    """Whether a row is of that kind of problem, at that dim(z)."""
    return (row["problem"], row["dim(z)"]) == (kind, dim)


def write(output: Path, rows: Sequence[dict[str, object]], covered: Sequence[dict[str, object]]) -> None:
    """The tables as CSV, and a page that shows them."""
    output.mkdir(parents=True, exist_ok=True)
    for name, content in (("bias", rows), ("coverage", covered)):
        with (output / f"{name}.csv").open("w", newline="") as file:
            writer = csv.DictWriter(file, list(content[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(content)
    assert __doc__ is not None
    _, command, explanation = __doc__.split("\n\n", 2)
    text = f"# Accuracy of class radii\n\n```sh\n{command.replace('    ', '')}\n```\n\n{explanation}\n"
    tables = {
        f"Problems that were {problems}: bias and evaluations at dim(z) = 2, 10, 64": summary(rows, problems)
        for problems in dict.fromkeys(str(row["problems"]) for row in rows)
    }
    tables |= {"Every problem": list(rows), "Coverage": list(covered)}
    text += "".join(f"\n## {title}\n\n{table(content)}\n" for title, content in tables.items())
    (output / "README.md").write_text(text)


if __name__ == "__main__":
    main()
