from pathlib import Path

import pytest

from raysweep.study import CelebA, Cifar10, Digits, Gan, Mnist, WganGp
from raysweep.study.architecture import ImageShape
from raysweep.study.data import DataFacts


def test_a_packed_batch_takes_as_many_images_for_each_update() -> None:
    settings = Gan(batch=10, packing=4, discriminator_steps=3)
    assert settings.images_per_step == 120
    discriminator = settings.networks(DataFacts(ImageShape(3, 32), 1, 1, None))["discriminator"]
    assert discriminator.layers[0].inputs == 12  # type: ignore[union-attr]


CIFAR10, CELEBA, MNIST, DIGITS = (data().facts(Path()) for data in (Cifar10, CelebA, Mnist, Digits))


def test_the_gan_costs_what_was_counted_by_hand() -> None:
    """CIFAR-10, Table 1, d = 100: multiply-adds of a dense layer and convolutions, in millions."""
    generator = 1.6384 + 3 * 838.8608 + 9.8304  # 100 · 16,384; 5 · 5 · 1024 · 512 · 8 · 8 and twice as much as it; ...
    critic = 4.9152 + 3 * 419.4304 + 2 * 209.7152 + 0.016384
    gan = Gan(latent_dim=100)
    assert gan.networks(CIFAR10)["generator"].multiply_adds == pytest.approx(generator * 1e6)
    assert gan.networks(CIFAR10)["discriminator"].multiply_adds == pytest.approx(critic * 1e6)
    assert gan.flop_per_step(CIFAR10) == pytest.approx(2 * 64 * (3 * generator + 8 * critic) * 1e6)
    # Two discriminator steps on pairs: twice the images to generate; packs of 6 channels in the first convolution.
    pairs = critic + 4.9152
    expected = 2 * 64 * (2 * (2 * generator + 6 * pairs) + 4 * generator + 2 * pairs) * 1e6
    assert Gan(latent_dim=100, packing=2, discriminator_steps=2).flop_per_step(CIFAR10) == pytest.approx(expected)


def test_the_gan_has_the_networks_of_the_wgan_gp() -> None:
    gan, wgan = Gan(latent_dim=7, width=8).networks(MNIST), WganGp(latent_dim=7, width=8).networks(MNIST)
    assert list(gan.values()) == list(wgan.values())
