import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from raysweep.measures import neighbours
from raysweep.measures.neighbours import QUERIES_AT_ONCE, near_pairs, nearest_distances
from raysweep.measures.streams import normal

CPU = torch.device("cpu")


def by_definition(queries: Tensor, points: Tensor, k: int) -> Tensor:
    return (queries.double()[:, None] - points.double()).norm(dim=2).sort(dim=1).values[:, :k]


def test_points_on_a_line() -> None:
    points = torch.tensor([[0.0], [1.0], [10.0]])
    queries = torch.tensor([[0.25], [7.0]])
    assert nearest_distances(queries, points).tolist() == [[0.25], [3.0]]
    assert nearest_distances(queries, points, k=3).tolist() == [[0.25, 0.75, 9.75], [3.0, 6.0, 7.0]]


@given(
    st.integers(1, 20),
    st.integers(1, 20),
    st.integers(1, 5),
    st.data(),
)
def test_they_are_the_smallest_of_all_distances(queries: int, points: int, length: int, data: st.DataObject) -> None:
    k = data.draw(st.integers(1, points))
    some, others = normal((queries, length), CPU, "queries"), normal((points, length), CPU, "points")
    assert torch.allclose(nearest_distances(some, others, k), by_definition(some, others, k), rtol=1e-12, atol=0)


def test_they_do_not_depend_on_the_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    queries, points = normal((50, 7), CPU, "queries"), normal((60, 7), CPU, "points")
    whole = nearest_distances(queries, points, k=9)
    monkeypatch.setattr(neighbours, "QUERIES_AT_ONCE", 8)
    monkeypatch.setattr(neighbours, "POINTS_AT_ONCE", 5)
    assert torch.equal(nearest_distances(queries, points, k=9), whole)


def test_near_duplicates_far_from_the_origin_do_not_cancel() -> None:
    """In float32, ‖a‖² + ‖b‖² − 2 a·b would be wrong by about 10³ here, and the distance by 30."""
    points = normal((100, 784), CPU, "points") + 1000
    queries = points.clone()
    queries[:, 0] += 2**-10
    assert nearest_distances(queries, points).flatten().tolist() == [2**-10] * 100
    assert nearest_distances(points, points).flatten().tolist() == [0.0] * 100


def test_more_neighbours_than_points_are_refused() -> None:
    with pytest.raises(ValueError, match="k = 4 nearest of 3 points"):
        nearest_distances(torch.zeros(1, 2), torch.zeros(3, 2), k=4)


@given(values=st.lists(st.integers(0, 30), min_size=2, max_size=25), distance=st.integers(0, 3))
def test_near_pairs_are_those_of_all_pairs(values: list[int], distance: int) -> None:
    others, latest = near_pairs(torch.tensor(values)[:, None].float(), float(distance))
    near = [[i for i, a in enumerate(values) if i != j and abs(a - b) <= distance] for j, b in enumerate(values)]
    assert others.tolist() == [len(each) for each in near]
    assert latest.tolist() == [max((i for i in each if i < j), default=-1) for j, each in enumerate(near)]


def test_near_pairs_do_not_end_with_a_block() -> None:
    points = torch.arange(QUERIES_AT_ONCE + 10).float()[:, None]
    points[-1] = points[0]
    others, latest = near_pairs(points, 0.5)
    assert others.nonzero().flatten().tolist() == [0, len(points) - 1]
    assert latest[-1] == 0
