from pathlib import Path

from raysweep.study import ExactRadius, Gan, Grid2d, Toy


def test_only_toys_have_a_closed_form_which_costs_nothing() -> None:
    measure, facts = ExactRadius(), Grid2d().facts(Path())
    assert measure.applies_to(Toy())
    assert not measure.applies_to(Gan(layers="mlp"))
    (shard,) = measure.shards(Toy(), facts)
    assert measure.flop(Toy(), facts, shard) == 0
