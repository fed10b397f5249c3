from pathlib import Path

import pytest

from raysweep.errors import UserError
from raysweep.study import Autoencoder, Digits, Gan, Grid2d, Modes, Toy

FACTS = Grid2d().facts(Path())


def test_modes_are_of_models_that_learned_to_sample_them() -> None:
    assert [Modes().applies_to(model) for model in (Gan(layers="mlp"), Toy(), Autoencoder())] == [True, False, False]
    Modes().check(FACTS, Path())
    with pytest.raises(UserError, match="these data have no known modes"):
        Modes().check(Digits().facts(Path()), Path())


def test_all_samples_are_one_shard_and_cost_a_pass_each() -> None:
    model, measure = Gan(layers="mlp"), Modes(samples=30)
    (shard,) = measure.shards(model, FACTS)
    assert (shard.start, shard.stop) == (0, 30)
    assert measure.flop(model, FACTS, shard) == 30 * model.decoder_flop(FACTS)
