import pytest
import torch
from torch import Tensor

from raysweep.inversion import Inverter
from raysweep.inversion.budget import raise_budget
from raysweep.study import ProjectedAdam
from support.inversion_problems import linear

ADAM = ProjectedAdam(steps=10, learning_rate=1.0, betas=(0.0, 0.0), start="zero", feasible="everything")
"""Without memory Adam moves by exactly its learning rate, one a step here, along each component."""


def steps_after(targets: Tensor, share: float = 1.0, doublings: int = 5) -> int:
    """Of an inverter of g(z) = z, whose search walks from 0 to each target in whole steps."""
    inverter = Inverter(linear(torch.eye(1)), 1, ADAM)
    raise_budget(inverter, targets.view(-1, 1, 1, 1), error=1e-3, share=share, doublings=doublings)
    assert isinstance(inverter.solver, ProjectedAdam)
    assert inverter.solver == ADAM.model_copy(update={"steps": inverter.solver.steps})
    return inverter.solver.steps


@pytest.mark.parametrize(("distance", "steps"), [(9, 10), (11, 20), (39, 40), (41, 80), (10_000, 320)])
def test_steps_are_doubled_until_the_farthest_image_is_reached_or_the_limit_is(distance: int, steps: int) -> None:
    assert steps_after(torch.tensor([1.0, distance])) == steps


def test_only_the_share_must_be_recovered() -> None:
    targets = torch.tensor([5.0, 15.0, 35.0, 75.0])
    assert [steps_after(targets, share) for share in (0.25, 0.5, 0.75, 0.76)] == [10, 20, 40, 80]


def test_no_more_doublings_than_allowed() -> None:
    assert [steps_after(torch.tensor([1e4]), doublings=doublings) for doublings in (1, 2)] == [20, 40]
