from hypothesis import given
from hypothesis import strategies as st

from raysweep.study import (
    ClassRadius,
    Reconstruction,
)
from raysweep.study.measures import cut


def test_a_measures_key_follows_its_settings_and_the_classifier() -> None:
    measure = ClassRadius()
    assert measure.key("a") != measure.key("b")
    assert measure.key("a") != ClassRadius(samples=7).key("a")
    assert Reconstruction().key("a") == Reconstruction().key("b")


@given(items=st.integers(0, 500), size=st.integers(1, 100))
def test_shards_cover_every_item_once(items: int, size: int) -> None:
    shards = cut("train", items, size)
    assert [i for shard in shards for i in range(shard.start, shard.stop)] == list(range(items))
    assert all(0 < shard.stop - shard.start <= size for shard in shards)
    assert sorted(shard.key for shard in shards) == [shard.key for shard in shards]
