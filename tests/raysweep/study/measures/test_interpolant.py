from pathlib import Path

from raysweep.study import Autoencoder, Digits, Interpolant, Polynomial, WganGp


def test_it_is_a_measure_of_the_polynomial_alone() -> None:
    assert Interpolant().applies_to(Polynomial())
    assert not Interpolant().applies_to(WganGp())
    assert not Interpolant().applies_to(Autoencoder())


def test_its_cost_is_that_of_its_latents() -> None:
    model = Polynomial(images=8)
    facts = Digits().facts(Path())
    (shard,) = Interpolant().shards(model, facts)
    latents = 1_000 + 8 * 8 + 2 * 8 + 9
    assert Interpolant().flop(model, facts, shard) == latents * model.decoder_flop(facts)
