import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from raysweep.data.source import seeded_split

SIZES = st.integers(1, 500).flatmap(lambda total: st.tuples(st.just(total), st.integers(0, total)))


@given(SIZES, st.integers(0, 2**63 - 1))
def test_a_split_is_complete_disjoint_and_repeatable(sizes: tuple[int, int], seed: int) -> None:
    total, held_out = sizes
    train, validation = seeded_split(total, held_out, seed)
    assert len(validation) == held_out
    assert np.array_equal(np.sort(np.concatenate([train, validation])), np.arange(total))
    again = seeded_split(total, held_out, seed)
    assert np.array_equal(again[0], train)
    assert np.array_equal(again[1], validation)


def test_seeds_give_different_splits() -> None:
    assert not np.array_equal(seeded_split(100, 20, 0)[1], seeded_split(100, 20, 1)[1])


def test_the_first_images_are_a_fair_sample() -> None:
    train, _ = seeded_split(10_000, 0, 0)
    # The mean of 1,000 of 0 … 9,999 has a standard deviation of 87.
    assert abs(train[:1000].mean() - 4999.5) < 5 * 87
