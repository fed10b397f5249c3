from pathlib import Path

from raysweep.study import Autoencoder, Digits, Samples, WganGp

FACTS = Digits().facts(Path())


def test_pictures_are_of_priors_and_cost_a_pass_each() -> None:
    model, measure = WganGp(width=4), Samples(count=7)
    assert measure.applies_to(model)
    assert not measure.applies_to(Autoencoder())
    (shard,) = measure.shards(model, FACTS)
    assert (shard.start, shard.stop) == (0, 7)
    assert measure.flop(model, FACTS, shard) == 7 * model.decoder_flop(FACTS)
