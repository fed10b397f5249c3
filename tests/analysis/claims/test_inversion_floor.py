from analysis.claims.inversion_floor import doubt_from_floor, floor_words
from analysis.statistics.cells import Cells

ERRORS: Cells = {2: {0: 0.4, 1: 0.4}, 8: {0: 0.2, 1: 0.2}}


def times(share: float) -> Cells:
    return {dim: {seed: share * error for seed, error in cell.items()} for dim, cell in ERRORS.items()}


def test_there_is_no_doubt_if_the_claim_holds_of_what_the_floor_leaves() -> None:
    seen: list[Cells] = []
    assert doubt_from_floor(ERRORS, times(0.5), lambda rest: bool(seen.append(rest)) or True) == ""
    assert seen == [times(0.5)]


def test_the_optimiser_may_be_to_blame_if_it_does_not_hold_or_nothing_is_left() -> None:
    for floor, holds in ((0.5, False), (1.0, True)):
        assert "the optimiser may be to blame" in doubt_from_floor(ERRORS, times(floor), lambda _, holds=holds: holds)


def test_a_floor_that_is_missing_somewhere_leaves_doubt() -> None:
    assert "was not measured throughout" in doubt_from_floor(ERRORS, {2: {0: 0.0, 1: 0.0}, 8: {0: 0.0}}, lambda _: True)


def test_only_a_floor_of_a_quarter_or_more_is_spoken_of() -> None:
    assert floor_words(ERRORS, times(0.24)) == ()
    assert floor_words(ERRORS, {}) == ()
    (words,) = floor_words(ERRORS, {2: {0: 0.1, 1: 0.3}, 8: {0: 0.0, 1: 0.02}})
    assert "(50 % at dim(z) = 2)" in words
