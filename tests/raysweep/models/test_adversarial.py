from collections.abc import Callable

import torch

from raysweep.models.learner import Learner
from raysweep.study import WganGp


def test_an_untrained_models_statistics_are_those_of_prior_samples(make: Callable[..., Learner]) -> None:
    """So in evaluation mode its images are those that it makes in training mode, from a large batch."""
    learner = make(WganGp(steps=0, width=4, latent_dim=3))
    z = torch.randn(4_000, 3, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        expected = learner.networks.train()["generator"](z)
        learner.settle()
        images = learner.generate(z)
    # 6,400 samples settle a mean to 1.25 % of a deviation; images deviate by about 0.5.
    assert float((images - expected).abs().mean()) < 0.02 * float(expected.std())
