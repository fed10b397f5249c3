import torch

from raysweep.inversion.bank import make_bank
from raysweep.inversion.feasible import FeasibleSet
from raysweep.inversion.problem import Generate
from raysweep.inversion.regression import Regression, regress
from support.inversion_problems import curved, linear, random

EVERYTHING = FeasibleSet(0.0, float("inf"))


def of(generate: Generate, latent_dim: int, samples: int) -> Regression:
    bank = make_bank(generate, random(samples, latent_dim, seed=1), EVERYTHING)
    return regress(bank, torch.Generator().manual_seed(0))


def test_latents_of_a_linear_generator_are_regressed_from_its_images() -> None:
    generate, z = linear(random(20, 5)), random(500, 5, seed=2)
    found = of(generate, 5, 10_000).latents(generate(z))
    assert float((found - z).square().mean()) < 0.03  # of a variance of 1


def test_it_starts_nearer_than_zero_where_images_are_curved() -> None:
    generate, z = curved(8), random(500, 8, seed=2)
    images = generate(z)
    found = of(generate, 8, 2_000).latents(images)
    errors = [(generate(start) - images).square().sum() for start in (found, torch.zeros_like(z))]
    assert float(errors[0]) < 0.5 * float(errors[1])


def test_images_that_do_not_depend_on_the_latent_suggest_zero() -> None:
    found = of(linear(torch.zeros(20, 5)), 5, 10_000).latents(torch.zeros(3, 1, 20, 1))
    assert float(found.abs().max()) < 0.05  # five standard deviations of the mean of as many samples


def test_fewer_samples_than_features_suffice() -> None:
    generate = linear(random(20, 5))
    found = of(generate, 5, 3).latents(generate(random(7, 5, seed=2)))
    assert bool(found.isfinite().all())
