import torch
from torch import Tensor

from raysweep.radius.problem import POINTS_AT_ONCE, Problem, labels_of


def halves(z: Tensor) -> Tensor:
    """Class 1 where the first coordinate is positive."""
    return torch.stack([-z[:, 0], z[:, 0]], dim=1)


PROBLEM = Problem(generate=lambda z: 2 * z - 1, classify=halves, latent_dim=3)


def test_a_class_is_that_of_the_generated_image() -> None:
    z = torch.tensor([[0.4, 0, 0], [0.6, 0, 0]], requires_grad=True)
    assert PROBLEM.labels(z).tolist() == [0, 1]
    torch.testing.assert_close(PROBLEM.logits(z), torch.tensor([[0.2, -0.2], [-0.2, 0.2]]))


def test_classes_do_not_depend_on_how_many_points_are_taken_at_once() -> None:
    seen = []

    def logits(z: Tensor) -> Tensor:
        seen.append(len(z))
        return halves(z)

    z = torch.randn(POINTS_AT_ONCE + 1, 2, generator=torch.Generator().manual_seed(0))
    assert torch.equal(labels_of(logits, z), (z[:, 0] > 0).long())
    assert seen == [POINTS_AT_ONCE, 1]


def test_samples_are_those_of_their_seed() -> None:
    assert PROBLEM.sample(5, seed=1).shape == (5, 3)
    assert torch.equal(PROBLEM.sample(5, seed=1), PROBLEM.sample(5, seed=1))
    assert not torch.equal(PROBLEM.sample(5, seed=1), PROBLEM.sample(5, seed=2))
