from pathlib import Path

import pytest

from raysweep.study import Digits, Gan, Grid2d, WganGp
from raysweep.study.architecture import dcgan_critic, dcgan_generator, mlp_critic, mlp_generator
from raysweep.study.models.adversarial import AdversarialSettings

PLANE, DIGITS = Grid2d().facts(Path()), Digits().facts(Path())


@pytest.mark.parametrize("family", [Gan, WganGp])
def test_layers_choose_the_networks(family: type[AdversarialSettings]) -> None:
    images = family(latent_dim=5, width=4).networks(DIGITS)
    assert list(images.values()) == [dcgan_generator(5, DIGITS.shape, 4), dcgan_critic(DIGITS.shape, 4, 1)]
    points = family(layers="mlp", latent_dim=5, width=4).networks(PLANE)
    assert list(points.values()) == [mlp_generator(5, PLANE.shape, 4), mlp_critic(PLANE.shape, 4)]
