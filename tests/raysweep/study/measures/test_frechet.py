from pathlib import Path

from raysweep.study import (
    Autoencoder,
    Digits,
    FrechetDistance,
    Vae,
    WganGp,
)

FACTS = Digits().facts(Path())


def test_frechet_distance_compares_what_a_family_has() -> None:
    def parts(model: WganGp | Vae | Autoencoder) -> list[str]:
        return [shard.part for shard in FrechetDistance(samples=500).shards(model, FACTS)]

    assert parts(WganGp()) == ["samples"]
    assert parts(Autoencoder()) == ["reconstructions"]
    assert parts(Vae()) == ["samples", "reconstructions"]
