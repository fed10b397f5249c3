import pytest
import torch
from torch import nn

from raysweep.models.descent import adam, descend
from raysweep.study import WganGp


def test_the_first_step_of_adam_is_the_learning_rate_against_the_sign_of_the_gradient() -> None:
    """Kingma and Ba (2015), Section 2.1: |Δ| is α where a gradient is seen for the first time."""
    network = nn.Linear(3, 1, bias=False)
    before = network.weight.detach().clone()
    optimizer = adam(WganGp(learning_rate=1e-2), network)
    descend(optimizer, (network.weight * torch.tensor([1.0, -20.0, 300.0])).sum())
    torch.testing.assert_close(network.weight.detach() - before, torch.tensor([[-1e-2, 1e-2, -1e-2]]))


def test_gradients_of_an_earlier_step_are_forgotten() -> None:
    network = nn.Linear(1, 1, bias=False)
    optimizer = torch.optim.SGD(network.parameters(), 1.0)
    before = float(network.weight.detach())
    for _ in range(2):
        descend(optimizer, network.weight.sum())
    assert float(network.weight.detach()) == pytest.approx(before - 2)
