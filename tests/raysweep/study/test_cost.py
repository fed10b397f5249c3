"""Costs: the published totals, and what follows from them."""

from pathlib import Path

import pytest

from raysweep.errors import UserError
from raysweep.study import (
    Autoencoder,
    CelebA,
    Cifar10,
    ClassRadius,
    Digits,
    FrechetDistance,
    ProjectedAdam,
    Reconstruction,
    Trial,
    WganGp,
)
from raysweep.study.cost import DEVICES, Device, find_device, measure_cost, trial_cost
from raysweep.study.data import DataFacts
from raysweep.study.measures import MeasureSettings

CIFAR10 = Cifar10().facts(Path())
CELEBA = CelebA().facts(Path())


def trial(model: WganGp | Autoencoder, data: Cifar10 | CelebA | Digits) -> Trial:
    return Trial(arm="arm", model=model, data=data, seed=0)


@pytest.mark.parametrize(
    ("data", "facts", "iteration", "whole"),
    [(Cifar10(), CIFAR10, 13.8e12, 1.10e18), (CelebA(), CELEBA, 75.3e12, 6.03e18)],
)
def test_the_papers_wgan_gp_costs_what_was_counted_by_hand(
    data: Cifar10 | CelebA, facts: DataFacts, iteration: float, whole: float
) -> None:
    model = WganGp(latent_dim=100)
    assert model.flop_per_step(facts) == pytest.approx(iteration, rel=0.005)
    assert trial_cost(trial(model, data), facts).flop == pytest.approx(whole, rel=0.005)
    assert trial_cost(trial(model, data), facts).flop == 80_000 * model.flop_per_step(facts)


@pytest.mark.parametrize(("data", "facts", "expected"), [(Cifar10(), CIFAR10, 5.1e18), (CelebA(), CELEBA, 26.9e18)])
def test_inverting_50_000_images_by_10_000_steps_costs_what_was_counted_by_hand(
    data: Cifar10 | CelebA, facts: DataFacts, expected: float
) -> None:
    facts = DataFacts(facts.shape, 50_000, 0, None)
    measure = Reconstruction(images=50_000, generated=0, solver=ProjectedAdam(steps=10_000))
    cost = measure_cost(measure, trial(WganGp(latent_dim=100), data), facts)
    assert sum(cost.values()) == pytest.approx(expected, rel=0.01)


def test_sizes_follow_from_the_parameters() -> None:
    cost = trial_cost(trial(WganGp(latent_dim=100), Cifar10()), CIFAR10)
    assert cost.parameters == 18_871_427 + 50_829_569  # worked out in tests/search_spaces/test_cifar10.py
    assert cost.model_bytes == 4 * cost.parameters
    assert cost.checkpoint_bytes == 3 * cost.model_bytes


def test_a_measure_costs_something_for_every_shard_and_nothing_where_it_does_not_apply() -> None:
    facts = Digits().facts(Path())
    gan, autoencoder = trial(WganGp(width=4), Digits()), trial(Autoencoder(width=4), Digits())
    small, large = ClassRadius(samples=100, shard=10), ClassRadius(samples=100, shard=50)
    # Each shard classifies the bank of 10,000 prior samples anew, and takes gradients (two passes) at 500 of them: 10
    # shards do it 8 times more often than 2.
    difference = sum(measure_cost(small, gan, facts).values()) - sum(measure_cost(large, gan, facts).values())
    assert difference == pytest.approx(8 * (10_000 + 2 * 500) * gan.model.decoder_flop(facts))
    assert tuple(measure_cost(small, gan, facts)) == small.shards(gan.model, facts)
    assert measure_cost(small, autoencoder, facts) == {}


@pytest.mark.parametrize("measure", [Reconstruction(), FrechetDistance(samples=100)])
def test_larger_models_cost_more_to_measure(measure: MeasureSettings) -> None:
    facts = Digits().facts(Path())
    gans = [trial(WganGp(width=width), Digits()) for width in (4, 8, 16)]
    costs = [sum(measure_cost(measure, gan, facts).values()) for gan in gans]
    assert costs == sorted(costs)
    assert costs[0] > 0


def test_hours_are_operations_over_what_is_reached_of_the_peak() -> None:
    assert Device("d", peak=100e9, memory=1e9, utilisation=0.5).seconds(50e9 * 7) == pytest.approx(7)


def test_devices_are_found_by_name() -> None:
    assert find_device("h100") is DEVICES["h100"]
    with pytest.raises(UserError, match=r"'h10': unknown; did you mean 'h100'\?"):
        find_device("h10")


@pytest.mark.parametrize("device", DEVICES.values(), ids=DEVICES)
def test_devices_are_plausible(device: Device) -> None:
    assert 0 < device.utilisation < 1
    assert 1e10 < device.peak < 1e15
    assert 1e9 < device.memory < 1e12
