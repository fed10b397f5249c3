import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy import stats
from torch import nn

from raysweep.data.images import DataSet
from raysweep.measures import MeasureContext, run_measure
from raysweep.measures import weights as code
from raysweep.measures.weights import histogram, ks_distance, moments, shapiro_w
from raysweep.models import build_learner
from raysweep.study import Glo, Vae, Weights, WganGp
from raysweep.study.measures import Shard

CPU = torch.device("cpu")
COUNT = 200_001

# Standard deviation 1: distribution, excess kurtosis, distance to the normal distribution (by arithmetic: the largest
# difference lies where the densities cross).
KNOWN = {
    "normal": (stats.norm(), 0.0, 0.0),
    "uniform": (stats.uniform(-math.sqrt(3), 2 * math.sqrt(3)), -1.2, 0.05721),
    "laplace": (stats.laplace(scale=1 / math.sqrt(2)), 3.0, 0.06202),
}


def quantiles(name: str) -> NDArray[np.float64]:
    """Ascending values that follow the distribution as evenly as so many can."""
    values: NDArray[np.float64] = KNOWN[name][0].ppf((np.arange(COUNT) + 0.5) / COUNT)
    return values


@pytest.mark.parametrize("name", KNOWN)
def test_known_distributions_have_their_known_moments_and_distance(name: str) -> None:
    values = quantiles(name)
    _, kurtosis, distance = KNOWN[name]
    found = moments(values)
    assert found.mean == pytest.approx(0, abs=1e-12)
    assert found.std == pytest.approx(1, abs=1e-3)  # the outermost quantile stands for a tail
    assert found.skewness == pytest.approx(0, abs=1e-9)
    assert found.excess_kurtosis == pytest.approx(kurtosis, abs=0.02)  # the same, in the fourth power
    assert ks_distance(values, found) == pytest.approx(distance, abs=1e-4)


@pytest.mark.parametrize("size", [7, 10_000])
def test_numbers_are_scipys_whatever_the_chunks(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(code, "CHUNK", size)
    values = np.sort(np.random.default_rng(0).lognormal(size=1_000))
    found = moments(values)
    assert found.mean == pytest.approx(values.mean(), rel=1e-12)
    assert found.std == pytest.approx(values.std(), rel=1e-12)
    assert found.skewness == pytest.approx(stats.skew(values), rel=1e-9)
    assert found.excess_kurtosis == pytest.approx(stats.kurtosis(values), rel=1e-9)
    expected = stats.kstest(values, stats.norm(values.mean(), values.std()).cdf).statistic
    assert ks_distance(values, found) == pytest.approx(expected, rel=1e-9)


def test_w_tells_normal_samples_from_others() -> None:
    stream = np.random.default_rng(0)
    normal, uniform = stream.normal(size=5_000), stream.uniform(size=5_000)
    assert shapiro_w(normal) > 0.999
    assert shapiro_w(uniform.astype(np.float32)) < 0.97


def test_a_histogram_holds_every_weight_once() -> None:
    values = np.array([-1.0, -0.9, -0.4, 0.1, 0.2, 0.3, 0.9, 1.0], np.float32)
    assert histogram(values, 4).tolist() == [0.25, 0.125, 0.375, 0.25]
    random = np.sort(np.random.default_rng(0).normal(size=999))
    np.testing.assert_allclose(histogram(random, 50) * 999, np.histogram(random, 50)[0], rtol=1e-12)


def test_equal_weights_have_no_shape() -> None:
    equal = np.full(10, 0.5, np.float32)
    found = moments(equal)
    assert (found.mean, found.std) == (0.5, 0)
    assert all(map(math.isnan, (found.skewness, found.excess_kurtosis, ks_distance(equal, found))))
    assert math.isnan(shapiro_w(equal))
    assert histogram(equal, 3).sum() == 1


def rows(context: MeasureContext, settings: Weights, part: str) -> list[dict[str, object]]:
    shard = next(s for s in settings.shards(context.trial.model, context.data.facts) if s.part == part)
    return run_measure(settings, shard, context).to_pylist()


def trained(context: MeasureContext, data: DataSet) -> nn.ModuleDict:
    """Gives the context a model whose weights training moved: doubled, and one more."""
    learner = build_learner(context.trial.model, data.facts, context.trial.seed, CPU)
    weights = {name: 2 * value + 1 for name, value in learner.weights().items()}
    learner.load_weights(weights)
    object.__setattr__(context, "learner", learner)
    return learner.networks


def test_both_states_of_every_layer_of_a_generator(make_context: Callable[..., MeasureContext], data: DataSet) -> None:
    model = WganGp(latent_dim=3, width=2)
    context = make_context(model, seed=5)
    networks = trained(context, data)
    fresh = build_learner(model, data.facts, 5, CPU).networks["generator"].requires_grad_(False)
    for part, generator in (("trained", networks["generator"]), ("initial", fresh)):
        found = rows(context, Weights(), part)
        layers = [module for module in generator if hasattr(module, "weight") and module.weight.dim() > 1]
        assert [row["layer"] for row in found] == [1, 2] == list(range(1, len(layers) + 1))
        assert [row["kind"] for row in found] == ["dense", "convolution"]
        for row, layer in zip(found, layers, strict=True):
            assert row["count"] == layer.weight.numel()
            assert row["mean"] == pytest.approx(float(layer.weight.double().mean()), rel=1e-6)
            assert (row["smallest"], row["largest"]) == (float(layer.weight.min()), float(layer.weight.max()))


def test_initial_weights_are_glorots_uniform_ones(make_context: Callable[..., MeasureContext]) -> None:
    """std = √(2 / (fan_in + fan_out)), kurtosis −1.2; the standard error of a kurtosis of 2⁰·⁵⋅n is below 0.01 here."""
    [row, *_] = rows(make_context(WganGp(latent_dim=64, width=64)), Weights(), "initial")
    assert row["count"] == 64 * 64 * 16
    assert row["std"] == pytest.approx(math.sqrt(2 / (64 + 64 * 16)), rel=0.01)
    assert row["excess_kurtosis"] == pytest.approx(-1.2, abs=0.02)
    assert row["ks_distance"] == pytest.approx(0.0572, abs=0.005)
    assert row["shapiro_sample"] == 5_000


def test_networks_are_chosen_by_name(make_context: Callable[..., MeasureContext], data: DataSet) -> None:
    context = make_context(Vae(latent_dim=3, width=2))
    trained(context, data)
    found = rows(context, Weights(networks=("encoder", "decoder")), "trained")
    assert [row["network"] for row in found] == ["encoder"] * 2 + ["decoder"] * 3
    assert {row["kind"] for row in found} == {"dense", "convolution", "transposed convolution"}
    assert Weights(networks=("critic",)).shards(Vae(), data.facts) == ()


def test_latents_that_are_looked_up_are_no_layer(data: DataSet) -> None:
    assert Weights().shards(Glo(latent_dim=3, width=2), data.facts)[0] == Shard("initial", 0, 2)
