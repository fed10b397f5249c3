"""What the estimate of the prior mass of holes says of codes whose holes are known, by dim(z) and number of codes.

    python benchmarks/holes.py

Codes are drawn, not encoded: from the prior; from half of it; from the prior without a strip one unit wide; and from
the prior at half its scale. There are as many held-out codes as training ones, and the quantile is the measure's own.
Means over repetitions, 2,000 prior samples each. Minutes on one core; the table stands in docs/measures.md.
"""

import statistics
from collections.abc import Callable

import torch
from torch import Tensor

from raysweep.measures.holes import hole_mass
from raysweep.measures.streams import normal
from raysweep.study.measures.holes import QUANTILE

DIMS, COUNTS, REPETITIONS, SAMPLES = (2, 10, 50), (100, 1_000, 10_000), 3, 2_000

STRIP = 0.5
"""Half the width of the strip that is left empty: it holds 38 % of the prior."""


def half(z: Tensor) -> Tensor:
    """To the side of positive z₁."""
    return torch.cat([z[:, :1].abs(), z[:, 1:]], dim=1)


def strip(z: Tensor) -> Tensor:
    """Out of |z₁| < `STRIP`: z₁ as the prior is outside of it."""
    inside = torch.special.ndtr(torch.tensor(STRIP))
    tail = inside + (2 * torch.special.ndtr(z[:, :1].abs()) - 1) * (1 - inside)
    return torch.cat([z[:, :1].sign() * torch.special.ndtri(tail), z[:, 1:]], dim=1)


CODES: dict[str, Callable[[Tensor], Tensor]] = {
    "the prior": lambda z: z,
    "half of the prior": half,
    "the prior without a strip": strip,
    "half the prior's scale": lambda z: z / 2,
}


def estimate(codes: Callable[[Tensor], Tensor], dim: int, count: int, repetition: int) -> float:
    """The mass of holes between so many codes."""
    device = torch.device("cpu")
    prior, train, held_out = (
        normal((size, dim), device, name, dim, repetition).double()
        for name, size in (("prior", SAMPLES), ("train", count), ("held-out", count))
    )
    return hole_mass(prior, codes(train), codes(held_out), QUANTILE)[0]


def main() -> None:
    """Prints the table."""
    print("| codes | dim(z) |", " | ".join(f"{count:,} codes" for count in COUNTS), "|")
    print("|---|---|", "|".join("---" for _ in COUNTS), "|", sep="")
    for name, codes in CODES.items():
        for dim in DIMS:
            means = [statistics.mean(estimate(codes, dim, count, r) for r in range(REPETITIONS)) for count in COUNTS]
            print(f"| {name} | {dim} |", " | ".join(f"{mean:.3f}" for mean in means), "|", flush=True)


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
