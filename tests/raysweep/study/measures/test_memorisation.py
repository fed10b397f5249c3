from pathlib import Path

from raysweep.study import Digits, Memorisation, WganGp

FACTS = Digits().facts(Path())


def test_every_image_is_held_against_every_training_image() -> None:
    """Two operations for each value of pixels and of features: 500 images more cost what generating them costs too."""
    model, (few, many) = WganGp(width=4, latent_dim=2), (Memorisation(samples=count) for count in (500, 1_000))
    costs = [each.flop(model, FACTS, each.shards(model, FACTS)[0]) for each in (few, many)]
    distances = 2 * 500 * FACTS.train * (FACTS.shape.pixels + few.features_length)
    assert costs[1] - costs[0] > distances
    assert distances > 0.1 * (costs[1] - costs[0])
