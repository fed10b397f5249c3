import pytest
import torch

from raysweep.inversion.bank import make_bank
from raysweep.inversion.feasible import FeasibleSet
from support.inversion_problems import curved, random


def test_the_nearest_images_are_found() -> None:
    generate, targets = curved(3), random(7, 1, 3, 4, seed=1)
    bank = make_bank(generate, random(1300, 3), FeasibleSet(0.5, 2.0))
    norms = bank.z.norm(dim=1)
    assert (float(norms.min()), float(norms.max())) == pytest.approx((0.5, 2.0), rel=1e-6)
    distances = torch.cdist(targets.flatten(1), generate(bank.z).flatten(1))
    nearest = bank.nearest(targets, 4)
    assert nearest.shape == (4, 7, 3)
    for i in range(7):
        assert torch.equal(nearest[:, i], bank.z[distances[i].argsort()[:4]])
