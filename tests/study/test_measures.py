from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from raysweep.study import (
    Autoencoder,
    ClassRadius,
    Digits,
    FrechetDistance,
    ProjectedAdam,
    Reconstruction,
    Samples,
    Vae,
    WganGp,
)
from raysweep.study.measures import cut

FACTS = Digits().facts(Path())


@given(items=st.integers(0, 500), size=st.integers(1, 100))
def test_shards_cover_every_item_once(items: int, size: int) -> None:
    shards = cut("train", items, size)
    assert [i for shard in shards for i in range(shard.start, shard.stop)] == list(range(items))
    assert all(0 < shard.stop - shard.start <= size for shard in shards)
    assert sorted(shard.key for shard in shards) == [shard.key for shard in shards]


def test_reconstruction_measures_both_splits_and_the_optimisers_floor() -> None:
    measure = Reconstruction(images=400, generated=50, shard=200)
    parts = [(shard.part, shard.start, shard.stop) for shard in measure.shards(WganGp(), FACTS)]
    assert parts == [
        ("train", 0, 200),
        ("train", 200, 400),
        ("validation", 0, 200),
        ("validation", 200, 360),
        ("generated", 0, 50),
    ]
    assert {shard.part for shard in measure.shards(Vae(), FACTS)} == {"train", "validation"}


def test_frechet_distance_compares_what_a_family_has() -> None:
    def parts(model: WganGp | Vae | Autoencoder) -> list[str]:
        return [shard.part for shard in FrechetDistance(samples=500).shards(model, FACTS)]

    assert parts(WganGp()) == ["samples"]
    assert parts(Autoencoder()) == ["reconstructions"]
    assert parts(Vae()) == ["samples", "reconstructions"]


@pytest.mark.parametrize("measure", [ClassRadius(), Samples()])
def test_only_priors_are_sampled(measure: ClassRadius | Samples) -> None:
    assert measure.applies_to(WganGp())
    assert measure.applies_to(Vae())
    assert not measure.applies_to(Autoencoder())


def test_inversion_costs_two_passes_a_step() -> None:
    assert ProjectedAdam(steps=100).passes == 201
    assert ProjectedAdam(steps=100, restarts=3).passes == 603


def test_a_class_radius_needs_a_start() -> None:
    with pytest.raises(ValueError, match="bank_starts and ray_starts are both 0"):
        ClassRadius(bank_starts=0, ray_starts=0)
