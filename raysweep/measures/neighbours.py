"""Euclidean distances to nearest neighbours, in bounded memory."""

from collections.abc import Iterator

import torch
from torch import Tensor

QUERIES_AT_ONCE, POINTS_AT_ONCE = 512, 8192
"""Rows and columns of one block of distances. They bound the memory (32 MiB), and change nothing but rounding."""


def nearest_distances(queries: Tensor, points: Tensor, k: int = 1) -> Tensor:
    """Euclidean distances (queries, k), ascending and in float64, from each query to its `k` nearest points.

    Queries (queries, length) and points (points, length) may have any floating type. Neighbours are found from
    ‖a − b‖² = ‖a‖² + ‖b‖² − 2 a·b in float64, and their distances are then computed from the differences. A distance
    is thus exact to rounding even between near duplicates; only which of two points is taken as the neighbour is
    undecided where their squared distances differ by less than about 10⁻¹⁵ of the squared norms around the mean point.

    Raises:
        ValueError: there are fewer than `k` points.
    """
    if not 1 <= k <= len(points):
        raise ValueError(f"k = {k} nearest of {len(points)} points: k must be from 1 to the number of points")
    centre = points.mean(dim=0, dtype=torch.float64)
    return torch.cat([_nearest(some, points, centre, k) for some in torch.split(queries, QUERIES_AT_ONCE)])


def balls_around(queries: Tensor, points: Tensor, radii: Tensor) -> Tensor:
    """In how many balls each query lies: (queries,) counts of points within their own radius (points,) of it.

    A distance that equals the radius to rounding counts as within.
    """
    centre = points.mean(dim=0, dtype=torch.float64)
    return torch.cat([_balls(some, points, radii, centre) for some in torch.split(queries, QUERIES_AT_ONCE)])


def near_pairs(points: Tensor, distance: float) -> tuple[Tensor, Tensor]:
    """How many others each point (points, length) has within the distance, and which is the last of those before it.

    Both are (points,); the latter is −1 where there is none. A distance that is equal to rounding counts as within.
    """
    centre = points.mean(dim=0, dtype=torch.float64)
    places = torch.arange(len(points), device=points.device)
    found = [_near(points[some], points, some, distance, centre) for some in torch.split(places, QUERIES_AT_ONCE)]
    others, latest = zip(*found, strict=True)
    return torch.cat(others), torch.cat(latest)


def _near(queries: Tensor, points: Tensor, places: Tensor, distance: float, centre: Tensor) -> tuple[Tensor, Tensor]:
    others, latest = torch.zeros_like(places), torch.full_like(places, -1)
    squared_norms = (queries.double() - centre).square().sum(dim=1, keepdim=True)
    squared = torch.tensor(distance**2, dtype=torch.float64, device=points.device)
    for start, block in _blocks(queries, points, centre):
        columns = torch.arange(start, start + block.shape[1], device=points.device)
        near = _within(block, squared_norms, squared) & (columns != places[:, None])
        others += near.sum(dim=1)
        before = near & (columns < places[:, None])
        latest = torch.maximum(latest, torch.where(before, columns, -1).amax(dim=1))
    return others, latest


def _balls(queries: Tensor, points: Tensor, radii: Tensor, centre: Tensor) -> Tensor:
    counts = torch.zeros(len(queries), dtype=torch.int64, device=queries.device)
    squared_norms = (queries.double() - centre).square().sum(dim=1, keepdim=True)
    for start, block in _blocks(queries, points, centre):
        squared_radii = radii[start : start + block.shape[1]].square()
        counts += _within(block, squared_norms, squared_radii).sum(dim=1)
    return counts


def _within(block: Tensor, squared_norms: Tensor, squared_radii: Tensor) -> Tensor:
    # The error of a block's entry is of the order of the float's times ‖a‖² + ‖b‖², where ‖b‖ ≤ ‖a‖ + radius.
    return block <= squared_radii + 1e-13 * (squared_norms + squared_radii)


def _nearest(queries: Tensor, points: Tensor, centre: Tensor, k: int) -> Tensor:
    squared = queries.new_empty((len(queries), 0), dtype=torch.float64)
    index = squared.long()
    for start, block in _blocks(queries, points, centre):
        place = torch.arange(start, start + block.shape[1], device=block.device).expand(len(block), -1)
        squared, index = torch.cat([squared, block], dim=1), torch.cat([index, place], dim=1)
        squared, kept = squared.topk(min(k, squared.shape[1]), dim=1, largest=False)
        index = index.gather(1, kept)
    differences = points[index].double() - queries.double()[:, None]
    distances: Tensor = torch.linalg.vector_norm(differences, dim=2)
    return distances.sort(dim=1).values


def _blocks(queries: Tensor, points: Tensor, centre: Tensor) -> Iterator[tuple[int, Tensor]]:
    """Squared distances (queries, up to POINTS_AT_ONCE) to consecutive points, with the first point's index.

    Distances between points do not change when the centre is taken from all; less then cancels.
    """
    centred = queries.double() - centre
    norms = centred.square().sum(dim=1, keepdim=True)
    for start in range(0, len(points), POINTS_AT_ONCE):
        others = points[start : start + POINTS_AT_ONCE].double() - centre
        yield start, norms + others.square().sum(dim=1) - 2 * centred @ others.T
