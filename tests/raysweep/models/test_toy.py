from pathlib import Path

import pytest
import torch

from raysweep.models import build_learner
from raysweep.study import Grid2d, Toy

FACTS = Grid2d().facts(Path())


def test_toys_are_their_formulas() -> None:
    """Φ(0) = ½ and Φ(1.2815515) = 0.9."""
    square, lattice = (
        build_learner(Toy(generator=name), FACTS, 0, torch.device("cpu")).generate(z)
        for name, z in (
            ("square", torch.tensor([[-3.0], [0.5]])),
            ("lattice", torch.tensor([[0.0, 1.2815515], [-1.2815515, 0.0]])),
        )
    )
    assert square.flatten().tolist() == [9.0, 0.25]
    torch.testing.assert_close(lattice[:, :, 0, 0], torch.tensor([[0.0, 4.0], [-4.0, 0.0]]), atol=1e-5, rtol=0)


@pytest.mark.parametrize("method", ["update", "evaluate"])
def test_there_is_nothing_to_learn(method: str) -> None:
    learner = build_learner(Toy(), FACTS, 0, torch.device("cpu"))
    images = torch.zeros(2, 2, 1, 1)
    assert (learner.update(images, None, 0) if method == "update" else learner.evaluate(images, None)) == {}
    assert not list(learner.networks.parameters())
