from pathlib import Path

from raysweep.study import Autoencoder, Digits, Holes, Vae, WganGp


def test_it_takes_an_encoder_and_a_prior() -> None:
    applies = {model.family: Holes().applies_to(model) for model in (Vae(), Autoencoder(), WganGp())}
    assert applies == {"vae": True, "autoencoder": False, "wgan_gp": False}


def test_more_codes_cost_more() -> None:
    facts, model = Digits().facts(Path()), Vae(width=4)
    shard = Holes().shards(model, facts)[0]
    assert Holes(images=100).flop(model, facts, shard) < Holes().flop(model, facts, shard)
