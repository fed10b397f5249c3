"""Gradient descent, as every family does it."""

import torch
from torch import Tensor, nn

from raysweep.study.models import DescentSettings


def adam(settings: DescentSettings, network: nn.Module) -> torch.optim.Adam:
    """Adam on all parameters of `network`, with the family's learning rate and decay rates.

    Source: Kingma and Ba (2015). The fused form updates all parameters in one call, which small networks notice.
    """
    return torch.optim.Adam(network.parameters(), settings.learning_rate, settings.betas, fused=True)


def descend(optimizer: torch.optim.Optimizer, loss: Tensor) -> None:
    """One step down the gradient of `loss`."""
    optimizer.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    optimizer.step()
