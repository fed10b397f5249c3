import pytest
import torch

from raysweep.inversion import Inverter
from raysweep.inversion.problem import squared_error
from raysweep.inversion.webster import invert
from raysweep.study import WebsterLbfgs
from support.inversion_problems import curved, linear, random


def test_a_linear_generator_is_inverted_as_in_closed_form() -> None:
    matrix, targets = random(20, 5).double(), random(4, 1, 20, 1, seed=3).double()
    found = invert(linear(matrix), targets, random(1, 4, 5, seed=5).double(), WebsterLbfgs())
    expected = torch.linalg.lstsq(matrix, targets.flatten(1).T).solution.T
    torch.testing.assert_close(found.z, expected, rtol=1e-4, atol=1e-4)
    assert found.passes.tolist() == [101] * 4
    assert set(found.status) == {"budget spent"}


def test_the_best_start_is_kept_and_each_image_searched_alone() -> None:
    generate, targets, starts = curved(4), random(5, 1, 3, 4, seed=1), random(3, 5, 4, seed=2)
    together = invert(generate, targets, starts, WebsterLbfgs(restarts=3, steps=10))
    singly = torch.stack(
        [
            torch.cat(
                [
                    invert(generate, targets[i : i + 1], start[None, i : i + 1], WebsterLbfgs(steps=10)).error
                    for i in range(5)
                ]
            )
            for start in starts
        ]
    )
    assert torch.equal(together.error, singly.amin(dim=0))
    torch.testing.assert_close(together.error, squared_error(generate(together.z), targets))


def test_a_search_that_diverges_counts_as_its_start() -> None:
    start = torch.tensor([[[2.0]]])
    found = invert(lambda z: (z**3).exp(), torch.zeros(1, 1), start, WebsterLbfgs(steps=5))
    assert bool(found.error.isfinite().all())


@pytest.mark.parametrize("restarts", [1, 3])
def test_it_starts_from_prior_samples(restarts: int) -> None:
    generate, targets = curved(4), random(3, 1, 3, 4, seed=1)
    inverter = Inverter(generate, 4, WebsterLbfgs(steps=1, restarts=restarts))
    assert inverter.invert(targets).passes.tolist() == [3 * restarts] * 3
    assert inverter.bank_passes == 0
