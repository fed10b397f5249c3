"""What the estimate of the prior mass of holes says of codes whose holes are known, by dim(z) and number of codes.

    python benchmarks/holes.py

Codes are drawn, not encoded: from the prior; from the prior shifted by two, narrowed to a half and widened to twice;
from the prior without a half-space, without a quadrant of two coordinates, and without a strip one unit wide. There
are as many held-out codes as training ones, 10,000 prior samples, and τ is the measure's own. Means over repetitions.
Minutes on one core; the table stands in docs/measures.md.
"""

import statistics
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from scipy.stats import chi2, norm
from torch import Tensor

from raysweep.measures.holes import hole_mass
from raysweep.measures.streams import normal
from raysweep.study import Holes

DIMS, COUNTS, REPETITIONS, SAMPLES = (2, 10, 64), (300, 1_000, 10_000), 5, 10_000
TAU = Holes().density
STRIP = 0.5
"""Half the width of the strip that is left empty."""


@dataclass(frozen=True)
class Known:
    """Codes, and the mass of their holes."""

    codes: Callable[[Tensor], Tensor]
    """From prior samples (count, dim(z))."""
    mass: Callable[[int], float]
    """Given dim(z)."""


def shifted(z: Tensor) -> Tensor:
    """By two in the first coordinate."""
    return torch.cat([z[:, :1] + 2, z[:, 1:]], dim=1)


def half_space(z: Tensor) -> Tensor:
    """To the side of positive z₁."""
    return torch.cat([z[:, :1].abs(), z[:, 1:]], dim=1)


def quadrant(z: Tensor) -> Tensor:
    """The prior where z₁ and z₂ are not both positive: those that are, are drawn again."""
    stream = torch.Generator().manual_seed(0)
    while (inside := (z[:, :2] > 0).all(dim=1)).any():
        z = z.clone()
        z[inside] = torch.randn(z[inside].shape, generator=stream, dtype=z.dtype)
    return z


def strip(z: Tensor) -> Tensor:
    """Out of |z₁| < `STRIP`: z₁ as the prior is outside of it."""
    inside = torch.special.ndtr(torch.tensor(STRIP, dtype=z.dtype))
    tail = inside + (2 * torch.special.ndtr(z[:, :1].abs()) - 1) * (1 - inside)
    return torch.cat([z[:, :1].sign() * torch.special.ndtri(tail), z[:, 1:]], dim=1)


def with_rim(empty: float) -> float:
    """Codes follow the prior outside of a part of mass `empty`: that part, and as much around it as τ allows."""
    return empty / (1 - TAU * (1 - empty))


def of_scale(scale: float, dim: int) -> float:
    """Codes are N(0, scale²): the holes are outside of a ball, or within one."""
    tail = chi2.sf if scale < 1 else chi2.cdf
    squared = np.linspace(0, chi2.isf(1e-9, dim), 200_001)[1:]
    prior = tail(squared, dim)
    return float(np.where(tail(squared / scale**2, dim) <= TAU * prior, prior, 0).max())


def of_shift(shift: float) -> float:
    """Codes are shifted along z₁: the holes are below a level of it."""
    level = np.linspace(-8, 8, 200_001)
    return float(np.where(norm.cdf(level - shift) <= TAU * norm.cdf(level), norm.cdf(level), 0).max())


CODES = {
    "the prior": Known(lambda z: z, lambda dim: 0.0),
    "the prior, shifted by 2": Known(shifted, lambda dim: of_shift(2)),
    "half the prior's scale": Known(lambda z: z / 2, lambda dim: of_scale(0.5, dim)),
    "twice the prior's scale": Known(lambda z: 2 * z, lambda dim: of_scale(2, dim)),
    "the prior without a half-space": Known(half_space, lambda dim: with_rim(0.5)),
    "the prior without a quadrant": Known(quadrant, lambda dim: with_rim(0.25)),
    "the prior without a strip": Known(strip, lambda dim: with_rim(2 * norm.cdf(STRIP) - 1)),
}


def estimate(codes: Callable[[Tensor], Tensor], dim: int, count: int, repetition: int) -> float:
    """The mass of holes between so many codes."""
    device = torch.device("cpu")
    train, fitted, held_out, prior = (
        normal((size, dim), device, name, dim, repetition).double()
        for name, size in (("train", count), ("fitted", count), ("held-out", count), ("prior", SAMPLES))
    )
    return hole_mass(codes(train), fitted, codes(held_out), prior, TAU, seed=repetition)


def main() -> None:
    """Prints the table."""
    print("| codes drawn from | dim(z) | mass of holes |", " | ".join(f"{count:,} codes" for count in COUNTS), "|")
    print("|---|---|---|", "|".join("---" for _ in COUNTS), "|", sep="")
    for name, known in CODES.items():
        for dim in DIMS:
            means = [
                statistics.mean(estimate(known.codes, dim, count, r) for r in range(REPETITIONS)) for count in COUNTS
            ]
            row = " | ".join(f"{mean:.3f}" for mean in (known.mass(dim), *means))
            print(f"| {name} | {dim} | {row} |", flush=True)


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
