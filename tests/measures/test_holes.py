"""Codes whose holes are known: those of the prior, collapsed, folded into a half-space, and scaled."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import norm
from torch import Tensor

from raysweep.architecture import ImageShape
from raysweep.data.images import DataSet, Images
from raysweep.measures import MeasureContext, run_measure
from raysweep.measures.codes import whitening
from raysweep.measures.holes import hole_mass
from raysweep.models.learner import Learner
from raysweep.study import Autoencoder, Digits, Holes, Trial, Vae, WganGp
from raysweep.study.data import DataFacts

CPU = torch.device("cpu")
COUNT = 2_000
"""Of training images, of held-out ones and of prior samples."""


def points(count: int, dim: int, seed: int) -> Tensor:
    return torch.randn(count, dim, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def exact_mass(codes: NDArray[np.float64], threshold: float) -> float:
    """Prior mass of what is farther than the threshold from all codes on a line: in the gaps, and beyond the ends."""
    ends = np.concatenate([[-np.inf], np.sort(codes), [np.inf]])
    low, high = ends[:-1] + threshold, ends[1:] - threshold
    return float((norm.cdf(high) - norm.cdf(low))[low < high].sum())


@pytest.mark.parametrize("dim", [1, 2, 10, 50])
def test_codes_that_follow_the_prior_have_the_holes_of_held_out_codes(dim: int) -> None:
    prior, train, held_out = (points(COUNT, dim, seed) for seed in range(3))
    mass, _ = hole_mass(prior, train, held_out, 0.9)
    # Shares of prior samples and of held-out codes both have a standard deviation of √(0.1 · 0.9 / 2,000) = 0.0067.
    assert mass == pytest.approx(0.1, abs=4 * 0.0067 * 2**0.5)


@settings(deadline=None)
@given(quantile=st.floats(0.01, 0.99), dim=st.integers(1, 4), scale=st.floats(0.01, 100))
def test_held_out_codes_score_the_rest_of_the_quantile(quantile: float, dim: int, scale: float) -> None:
    train, held_out = scale * points(40, dim, 0), points(50, dim, 1)
    assert hole_mass(held_out, train, held_out, quantile)[0] == pytest.approx(1 - quantile, abs=1 / 50)


def test_a_collapsed_encoder_leaves_nothing_but_a_hole() -> None:
    assert hole_mass(points(100, 3, 0), torch.zeros(50, 3), torch.zeros(20, 3), 0.99) == (1.0, 0.0)


@pytest.mark.parametrize("scale", [0.1, 0.5, 1.0, 3.0])
def test_the_mass_on_a_line_is_that_of_its_gaps(scale: float) -> None:
    train, held_out = scale * points(300, 1, 0), scale * points(COUNT, 1, 1)
    mass, threshold = hole_mass(points(20_000, 1, 2), train, held_out, 0.9)
    expected = exact_mass(train[:, 0].numpy(), threshold)
    assert 0 < expected < 1
    assert mass == pytest.approx(expected, abs=4 * (expected * (1 - expected) / 20_000) ** 0.5)


def test_codes_in_a_half_space_leave_the_other_half() -> None:
    train, held_out = points(5_000, 2, 0), points(5_000, 2, 1)
    train[:, 0].abs_()
    held_out[:, 0].abs_()
    mass, threshold = hole_mass(points(5_000, 2, 2), train, held_out, 0.99)
    # Half of the prior, less a strip as wide as the threshold, and 1 % of the covered half; give or take 4 deviations.
    assert float(norm.cdf(-threshold)) - 0.03 < mass < 0.5 + 0.01 / 2 + 0.03


def test_whitening_gives_mean_zero_and_covariance_one() -> None:
    codes = points(500, 3, 0) @ torch.tensor([[2.0, 0, 0], [1, 0.1, 0], [0, 5, 1]], dtype=torch.float64) + 7
    white = whitening(codes)(codes)
    torch.testing.assert_close(white.mean(dim=0), torch.zeros(3, dtype=torch.float64), atol=1e-10, rtol=0)
    torch.testing.assert_close(white.T.cov(), torch.eye(3, dtype=torch.float64))


def test_what_does_not_vary_is_whitened_to_zero() -> None:
    codes = torch.cat([points(100, 1, 0), torch.full((100, 1), 3.0)], dim=1)
    white = whitening(codes)(codes)
    assert float(white[:, 0].var()) == pytest.approx(1)
    assert white[:, 1].abs().max() < 1e-12
    assert not whitening(torch.ones(5, 2))(torch.ones(5, 2)).any()


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


def test_a_scaled_encoder_changes_the_mass_but_not_the_whitened_one() -> None:
    train, held_out = points(1_000, 2, 0), points(1_000, 2, 1)
    holes = Holes(samples=1_000, images=1_000, quantile=0.9)
    plain, shrunk = (measure(context_of(s * train, s * held_out), holes)["means"] for s in (1.0, 0.2))
    assert plain["mass"] < 0.15
    assert shrunk["mass"] > 0.8
    # Codes are float32, so samples within rounding of the threshold may change sides.
    assert shrunk["whitened_mass"] == pytest.approx(plain["whitened_mass"], abs=2 / 1_000)
    assert shrunk["whitened_threshold"] == pytest.approx(plain["whitened_threshold"], rel=1e-4)
    assert shrunk["threshold"] == pytest.approx(0.2 * plain["threshold"], rel=1e-4)


def test_samples_of_the_posterior_fill_what_its_means_leave() -> None:
    # Means of variance ½ and posteriors of variance ½ add up to the prior.
    train, held_out = 0.5**0.5 * points(COUNT, 8, 0), 0.5**0.5 * points(COUNT, 8, 1)
    found = measure(context_of(train, held_out, deviation=0.5**0.5), Holes(samples=COUNT, quantile=0.9))
    assert found["posterior"]["mass"] == pytest.approx(0.1, abs=4 * 0.0067 * 2**0.5)
    assert found["means"]["mass"] > 0.3
    assert found["means"]["whitened_mass"] == pytest.approx(0.1, abs=4 * 0.0067 * 2**0.5)


def test_a_row_carries_its_protocol() -> None:
    holes = Holes(samples=30, images=25, quantile=0.8)
    row = measure(context_of(points(60, 2, 0), points(20, 2, 1)), holes)["means"]
    assert {name: row[name] for name in ("samples", "codes", "held_out", "quantile")} == {
        "samples": 30,
        "codes": 25,
        "held_out": 20,
        "quantile": 0.8,
    }


def test_it_takes_an_encoder_and_a_prior() -> None:
    applies = {model.family: Holes().applies_to(model) for model in (Vae(), Autoencoder(), WganGp())}
    assert applies == {"vae": True, "autoencoder": False, "wgan_gp": False}


def test_more_codes_and_samples_cost_more() -> None:
    facts, model = Digits().facts(Path()), Vae(width=4)
    shard = Holes().shards(model, facts)[0]
    assert Holes(samples=20_000).flop(model, facts, shard) > Holes().flop(model, facts, shard)
    assert Holes(images=100).flop(model, facts, shard) < Holes().flop(model, facts, shard)
