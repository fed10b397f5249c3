from pathlib import Path

from raysweep.study import Digits, Glo, WganGp

FACTS = Digits().facts(Path())


def test_it_has_a_gans_generator_and_a_latent_for_every_training_image() -> None:
    networks = Glo(latent_dim=5, width=4).networks(FACTS)
    assert networks["generator"] == WganGp(latent_dim=5, width=4).networks(FACTS)["generator"]
    assert networks["latents"].parameters == FACTS.train * 5
