from pathlib import Path

from raysweep.study import Autoencoder, Digits, WganGp
from raysweep.study.architecture import dcgan_critic

FACTS = Digits().facts(Path())


def test_it_decodes_with_a_gans_generator_and_encodes_with_its_critics_layers() -> None:
    networks = Autoencoder(latent_dim=5, width=4).networks(FACTS)
    assert networks["decoder"] == WganGp(latent_dim=5, width=4).networks(FACTS)["generator"]
    assert networks["encoder"] == dcgan_critic(FACTS.shape, 4, 5)
