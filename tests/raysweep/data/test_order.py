import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from raysweep.data.order import BatchStream


@given(images=st.integers(1, 40), counts=st.lists(st.integers(1, 30), min_size=1, max_size=8), seed=st.integers(0, 99))
def test_the_stream_is_the_same_however_it_is_cut(images: int, counts: list[int], seed: int) -> None:
    total = sum(counts)
    whole = BatchStream(images, seed).indices(0, total)
    stream = BatchStream(images, seed)
    starts = np.cumsum([0, *counts[:-1]])
    pieces = [stream.indices(int(start), count) for start, count in zip(starts, counts, strict=True)]
    np.testing.assert_array_equal(np.concatenate(pieces), whole)


@given(images=st.integers(1, 40), seed=st.integers(0, 99))
def test_every_image_is_seen_once_an_epoch(images: int, seed: int) -> None:
    stream = BatchStream(images, seed).indices(0, 3 * images)
    for epoch in stream.reshape(3, images):
        assert sorted(epoch) == list(range(images))
