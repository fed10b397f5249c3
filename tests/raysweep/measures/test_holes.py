"""Codes whose holes are known: those of the prior, collapsed, shifted, scaled, and with a gap."""

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq
from scipy.stats import chi2, norm
from torch import Tensor

from raysweep.data.images import DataSet, Images
from raysweep.measures import MeasureContext, run_measure
from raysweep.measures.holes import hole_mass
from raysweep.models.learner import Learner
from raysweep.study import Digits, Holes, Trial, Vae
from raysweep.study.architecture import ImageShape
from raysweep.study.data import DataFacts

CPU = torch.device("cpu")
TAU = 0.1
COUNT = 2_000
"""Of training images, of held-out ones and of prior samples."""


def points(count: int, dim: int, seed: int) -> Tensor:
    return torch.randn(count, dim, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def measured(codes: Callable[[Tensor], Tensor], dim: int, count: int = COUNT) -> float:
    train, held_out = codes(points(count, dim, 0)), codes(points(count, dim, 1))
    return hole_mass(train, points(count, dim, 2), held_out, points(count, dim, 3), TAU)


def strip(z: Tensor) -> Tensor:
    """Out of |z₁| < ½: z₁ as the prior is outside of it."""
    inside = 2 * norm.cdf(0.5) - 1
    tail = (1 + inside + (2 * torch.special.ndtr(z[:, :1].abs()) - 1) * (1 - inside)) / 2
    return torch.cat([z[:, :1].sign() * torch.special.ndtri(tail), z[:, 1:]], dim=1)


def with_rim(empty: float) -> float:
    """The mass of holes where codes follow the prior outside of a part of mass `empty`.

    P(A) with A that part and as much around it, of density 1 / (1 − empty), as has Q(A) = τ P(A).
    """
    return empty / (1 - TAU * (1 - empty))


def test_the_rim_is_as_wide_as_the_definition_allows() -> None:
    mass = with_rim(0.3)
    assert (mass - 0.3) / (1 - 0.3) == pytest.approx(TAU * mass)


@pytest.mark.parametrize("dim", [1, 2, 10, 64])
def test_codes_that_follow_the_prior_leave_no_hole(dim: int) -> None:
    assert measured(lambda z: z, dim) == 0


@pytest.mark.parametrize("dim", [2, 10, 64])
def test_shifted_codes_leave_what_is_below_a_level(dim: int) -> None:
    """The ratio rises with z₁, so the hole is z₁ ≤ t with Φ(t − 2) = τ Φ(t)."""
    level = brentq(lambda t: norm.cdf(t - 2) - TAU * norm.cdf(t), -5, 5)
    shift = torch.cat([torch.full((1,), 2.0), torch.zeros(dim - 1)])
    # Give or take 4 deviations of the share of prior samples; and what 64 dimensions hide from 2,000 codes.
    assert norm.cdf(level) - 0.06 < measured(lambda z: z + shift, dim) < norm.cdf(level) + 0.05


@pytest.mark.parametrize("dim", [2, 10, 64])
def test_narrow_codes_leave_what_is_outside_of_a_ball(dim: int) -> None:
    def excess(squared: float) -> float:
        return chi2.logsf(4 * squared, dim) - math.log(TAU) - chi2.logsf(squared, dim)

    expected = chi2.sf(brentq(excess, 1e-3, 5 * dim + 10), dim)
    assert measured(lambda z: z / 2, dim) == pytest.approx(expected, abs=0.05)


@pytest.mark.parametrize(("dim", "short"), [(2, 0.03), (10, 0.12)])
@pytest.mark.slow
def test_a_strip_without_codes_is_a_hole(dim: int, short: float) -> None:
    """No Gaussian has such a gap: it is the network that finds it."""
    expected = with_rim(2 * norm.cdf(0.5) - 1)
    assert expected - short < measured(strip, dim, count=6_000) < expected + 0.03


@settings(deadline=None, max_examples=10)
@given(scale=st.floats(0.2, 5), shift=st.floats(-3, 3), seed=st.integers(0, 5))
def test_codes_that_are_fresh_samples_of_the_prior_have_no_holes_whatever_the_ratio_was_fitted_to(
    scale: float, shift: float, seed: int
) -> None:
    """The estimate cannot be too large, but for chance: a poor ratio finds sets that hold codes as well."""
    train = scale * points(300, 3, seed) + shift
    mass = hole_mass(train, points(300, 3, 10), points(1_000, 3, 11), points(1_000, 3, 12), TAU)
    assert mass < 0.05


def test_a_collapsed_encoder_leaves_nothing_but_a_hole() -> None:
    assert hole_mass(torch.zeros(50, 3), points(50, 3, 0), torch.zeros(200, 3), points(100, 3, 1), TAU) == 1.0


def test_a_mass_that_so_few_codes_cannot_show_is_not_seen() -> None:
    """With 8 held-out codes even an empty set counts as holding a ninth, which is above τ = 0.1 of all of the prior."""
    train, prior = points(50, 2, 0) / 10, points(100, 2, 1)
    assert hole_mass(train, points(50, 2, 2), points(8, 2, 3) / 10, prior, TAU) == 0
    assert hole_mass(train, points(50, 2, 2), points(40, 2, 3) / 10, prior, TAU) > 0.5


class Lookup(Learner):
    """Puts the image of each index at a given latent, with one deviation for all."""

    def __init__(self, codes: Mapping[str, Tensor], deviation: float, facts: DataFacts) -> None:
        super().__init__(Vae(latent_dim=codes["train"].shape[1]), facts, 0, CPU)
        self.codes = torch.cat([codes["train"], codes["validation"]]).float()
        self.deviation = deviation

    def update(self, images: Tensor, labels: Tensor | None, step: int) -> dict[str, Tensor]:
        raise NotImplementedError

    def evaluate(self, images: Tensor, labels: Tensor | None) -> dict[str, Tensor]:
        raise NotImplementedError

    def posterior(self, images: Tensor) -> tuple[Tensor, Tensor]:
        digits = ((images.flatten(1) + 1) * 127.5).round().long()
        means = self.codes[digits[:, 0] * 256 + digits[:, 1]]
        return means, torch.full_like(means, self.deviation)


def numbered(start: int, count: int) -> Images:
    """Images whose first two pixels are their number."""
    pixels = np.zeros((count, 1, 2, 2), np.uint8)
    pixels[:, 0, 0] = np.stack(np.divmod(np.arange(start, start + count), 256), axis=1)
    return Images(pixels, None)


def context_of(train: Tensor, held_out: Tensor, deviation: float = 0.0) -> MeasureContext:
    facts = DataFacts(ImageShape(1, 2), len(train), len(held_out), None)
    data = DataSet(facts, numbered(0, len(train)), numbered(len(train), len(held_out)))
    learner = Lookup({"train": train, "validation": held_out}, deviation, facts)
    trial = Trial(arm="vae", model=Vae(latent_dim=train.shape[1]), data=Digits(), seed=0)
    return MeasureContext(data, CPU, trial=trial, learner=learner)


def measure(context: MeasureContext, holes: Holes) -> dict[str, dict[str, Any]]:
    shards = holes.shards(context.trial.model, context.data.facts)
    rows = [run_measure(holes, shard, context).to_pylist()[0] for shard in shards]
    return {row["part"]: row for row in rows}


@pytest.mark.slow
def test_a_scaled_encoder_changes_the_mass_but_not_the_whitened_one() -> None:
    train, held_out = strip(points(1_000, 2, 0)), strip(points(1_000, 2, 1))
    holes = Holes(samples=1_000, images=1_000)
    plain, shrunk = (measure(context_of(s * train, s * held_out), holes)["means"] for s in (1.0, 0.2))
    assert plain["mass"] < 0.5
    assert shrunk["mass"] > 0.8
    # Codes are float32, which training the network amplifies.
    assert shrunk["whitened_mass"] == pytest.approx(plain["whitened_mass"], abs=0.02)


def test_samples_of_the_posterior_fill_what_its_means_leave() -> None:
    # Means of variance ½ and posteriors of variance ½ add up to the prior.
    train, held_out = 0.5**0.5 * points(COUNT, 8, 0), 0.5**0.5 * points(COUNT, 8, 1)
    found = measure(context_of(train, held_out, deviation=0.5**0.5), Holes(samples=COUNT))
    assert found["posterior"]["mass"] == 0
    assert found["means"]["mass"] > 0.3
    assert found["means"]["whitened_mass"] == 0


def test_a_row_carries_its_protocol() -> None:
    holes = Holes(samples=30, images=25, density=0.2)
    row = measure(context_of(points(60, 2, 0), points(20, 2, 1)), holes)["means"]
    assert {name: row[name] for name in ("samples", "codes", "held_out", "density")} == {
        "samples": 30,
        "codes": 25,
        "held_out": 20,
        "density": 0.2,
    }
