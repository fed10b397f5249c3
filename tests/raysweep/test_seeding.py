from hypothesis import given
from hypothesis import strategies as st

from raysweep.seeding import derive_seed

parts = st.lists(st.one_of(st.text(), st.integers()), min_size=1, max_size=4)


def test_a_stream_has_the_same_seed_on_every_machine() -> None:
    # printf '["noise",3,17]' | sha256sum: the first 16 digits, halved
    assert derive_seed("noise", 3, 17) == 0x68B403778BADCFDC // 2


@given(parts, parts)
def test_different_names_give_different_streams(a: list[str | int], b: list[str | int]) -> None:
    assert (derive_seed(*a) == derive_seed(*b)) == (a == b)


@given(parts)
def test_seeds_suit_torch_and_numpy(a: list[str | int]) -> None:
    assert 0 <= derive_seed(*a) < 2**63


def test_parts_are_not_run_together() -> None:
    assert derive_seed("ab", "c") != derive_seed("a", "bc")
