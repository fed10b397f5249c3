import pytest
import torch

from raysweep.radius.classifiers import Within, nearest_point


def test_scores_are_minus_half_the_squared_distances_but_for_what_all_classes_share() -> None:
    stream = torch.Generator().manual_seed(0)
    points, images = (torch.randn(count, 1, 2, 2, generator=stream).double() for count in (5, 20))
    distances = torch.cdist(images.flatten(1), points.flatten(1))
    scores = nearest_point(points)(images)
    torch.testing.assert_close(scores - scores[:, :1], (distances[:, :1].square() - distances.square()) / 2)
    assert torch.equal(scores.argmax(dim=1), distances.argmin(dim=1))


@pytest.mark.parametrize(("p", "within"), [(1.0, [True, False, False]), (2.0, [True, True, False])])
def test_within_epsilon_of_a_reference_is_one_class(p: float, within: list[bool]) -> None:
    images = torch.tensor([[1.2, 1.0], [1.3, 1.3], [2.0, 2.0]]).view(3, 1, 1, 2)
    scores = Within(torch.ones(1, 1, 2), epsilon=0.5, p=p)(images)
    assert (scores.argmax(dim=1) == 0).tolist() == within


@pytest.mark.parametrize(("epsilon", "p"), [(0.0, 2.0), (1.0, 0.5)])
def test_what_is_no_distance_is_refused(epsilon: float, p: float) -> None:
    with pytest.raises(ValueError, match="give an epsilon above 0 and a p of at least 1"):
        Within(torch.zeros(1, 1, 2), epsilon, p)
