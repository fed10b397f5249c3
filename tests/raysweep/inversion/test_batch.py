import torch
from torch import Tensor

from raysweep.inversion.batch import Outcome, Searches, in_chunks


def searches(number: list[int], error: list[float]) -> Searches:
    """Searches that are at z = their number, after ten passes each."""
    at = torch.tensor(number)
    enough = torch.zeros(len(at))
    return Searches(at, at[:, None], enough, at[:, None].double(), torch.tensor(error), torch.full_like(at, 10))


def test_each_image_gets_the_best_of_its_searches_and_the_passes_of_all() -> None:
    outcome = Outcome(torch.zeros(6, 1).double(), torch.ones(6))  # three starts of two images
    outcome.record(searches([0, 3], [0.5, 0.25]), "converged")
    outcome.record(searches([4], [0.125]), "stalled")
    found = outcome.best(starts=3)
    assert found.z.flatten().tolist() == [4, 3]
    assert found.error.tolist() == [0.125, 0.25]
    assert found.status == ("stalled", "converged")
    assert found.passes.tolist() == [20, 10]


def test_only_the_best_stay_in_the_race() -> None:
    outcome = Outcome(torch.zeros(6, 1), torch.tensor([3.0, 1.0, 2.0, 2.0, 1.0, 3.0]))
    assert outcome.choose(starts=3, count=2).tolist() == [False, True, True, True, True, False]
    assert outcome.best(starts=3).error.tolist() == [1.0, 1.0]


def test_a_mask_names_the_searches_that_go_on() -> None:
    left = searches([0, 1, 2], [0.1, 0.2, 0.3]).only(torch.tensor([True, False, True]))
    assert len(left) == 2
    assert left.number.tolist() == [0, 2]
    assert left.error.tolist() == searches([0, 2], [0.1, 0.3]).error.tolist()


def test_chunks_change_nothing_but_how_much_is_done_at_once() -> None:
    sizes = []

    def both(a: Tensor, b: Tensor) -> tuple[Tensor, ...]:
        sizes.append(len(a))
        return a + b, a * b

    a, b = torch.arange(5.0), torch.arange(5.0) + 1
    total, product = in_chunks(both, 2, a, b)
    assert sizes == [2, 2, 1]
    assert torch.equal(total, a + b)
    assert torch.equal(product, a * b)
