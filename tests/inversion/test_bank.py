import torch

from inversion_problems import curved, random
from raysweep.inversion.bank import make_bank


def test_the_nearest_images_are_found() -> None:
    generate, targets = curved(3), random(7, 1, 3, 4, seed=1)
    bank = make_bank(generate, random(1300, 3), 2.0)
    assert float(bank.z.norm(dim=1).max()) <= 2.0 * (1 + 1e-6)
    distances = torch.cdist(targets.flatten(1), generate(bank.z).flatten(1))
    nearest = bank.nearest(targets, 4)
    assert nearest.shape == (4, 7, 3)
    for i in range(7):
        assert torch.equal(nearest[:, i], bank.z[distances[i].argsort()[:4]])
