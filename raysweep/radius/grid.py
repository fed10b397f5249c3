"""Radii in the plane: a grid that is refined wherever a class changes near a sample, to a stated tolerance."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from raysweep.radius.problem import Problem

SPACING = 0.05
"""Of the first grid. A class whose whole region slips between its points is not seen."""
TOLERANCE = 1e-4
FARTHEST = 10.0
"""Where the plane ends: a coordinate of z ~ N(0, I) is beyond with a probability of 10⁻²³."""
SAMPLES_AT_ONCE = 128
"""Samples whose distances to all cells are in memory together."""


@dataclass(frozen=True)
class GridRadii:
    """What the grid found around each of `count` samples."""

    radius: Tensor
    """(count,): distance to the nearest point found of another class, the witness; infinite where none was found."""
    lower: Tensor
    """(count,): radius − tolerance, or the distance to the edge of what was searched if that is less. No boundary that
    was seen comes nearer; it is not a proof, since a region without a point of the first grid is not seen."""
    witness: Tensor
    """(count, 2); the sample itself where none was found."""
    evaluations: int
    """Generator passes, for all samples together."""


def grid_radius(
    problem: Problem, z: Tensor, *, spacing: float = SPACING, tolerance: float = TOLERANCE, farthest: float = FARTHEST
) -> GridRadii:
    """r(z) of a generator with two latents, by classifying a grid and refining it along the nearest boundaries.

    A cell whose corners are of different classes is cut in four if it may hold the boundary point that is nearest to
    a sample; where the boundary leaves a cell, it is followed into the neighbour. Cells are halved until none that a
    boundary passes is nearer than the witness by more than `tolerance`. Regions that hold no point of the first grid
    may remain unseen: compare the radii with those of half the spacing to check it (`halving_moves`).

    Args:
        problem: with latent_dim = 2.
        z: (count, 2) samples, within `farthest` in every coordinate.
        spacing: of the first grid.
        tolerance: of radius − lower.
        farthest: the search ends at this absolute value of a coordinate.

    Raises:
        ValueError: dim(z) is not 2, or a sample lies beyond `farthest`.
    """
    if problem.latent_dim != 2:
        raise ValueError(f"a grid needs two latents, and the problem has {problem.latent_dim}; use class_radius")
    if float(z.abs().max()) > farthest:
        raise ValueError(f"a sample lies at {float(z.abs().max()):.3g}, beyond farthest = {farthest}; raise that")
    plane = _Plane(problem, z, spacing, tolerance)
    extent = min(farthest, float(z.abs().max()) + 10 * spacing)
    cells = plane.start(extent)
    while extent < farthest and (needed := float((z.abs().amax(dim=1) + plane.radius).max())) > extent:
        extent = min(farthest, max(1.25 * extent, needed if needed < torch.inf else 2 * extent))
        cells = plane.start(extent)
    while len(cells.place):
        cells = plane.refine(cells)
    edge = extent - z.abs().amax(dim=1)
    return GridRadii(plane.radius, torch.minimum(plane.within, edge), plane.witness, plane.evaluations)


def halving_moves(problem: Problem, z: Tensor, found: GridRadii, *, spacing: float = SPACING) -> Tensor:
    """(count,): by how much r(z) changes from `found`, on a first grid of `spacing`, to one of half the spacing.

    Both are to the default tolerance, so more than that is a boundary that the first grid did not see.
    """
    finer = grid_radius(problem, z, spacing=spacing / 2).radius
    return torch.where(finer == found.radius, 0.0, found.radius - finer)


CORNERS = ((0, 0), (0, 1), (1, 1), (1, 0))
"""Of a cell, in turn around it."""
ACROSS = ((-1, 0), (0, 1), (1, 0), (0, -1))
"""The neighbour across the edge from each corner to the next."""


@dataclass(frozen=True)
class _Cells:
    """Squares of a grid."""

    place: Tensor
    """(cells, 2) whole numbers: the corner of least coordinates, in units of the grid's spacing."""
    label: Tensor
    """(cells, 4): classes of the corners."""

    def changing(self) -> "_Cells":
        """Those whose corners are not all of one class."""
        mixed = (self.label != self.label[:, :1]).any(dim=1)
        return _Cells(self.place[mixed], self.label[mixed])

    def beyond(self) -> Tensor:
        """(places, 2): neighbours across the edges on which the class changes."""
        crossed = self.label != self.label.roll(-1, dims=1)
        return (self.place[:, None] + self.place.new_tensor(ACROSS))[crossed]


class _Plane:
    """What was found so far around the samples, and the grid at its present spacing."""

    def __init__(self, problem: Problem, z: Tensor, spacing: float, tolerance: float) -> None:
        self.problem = problem
        self.z = z
        self.spacing = spacing
        self.tolerance = tolerance
        self.label = problem.labels(z)
        self.radius = torch.full_like(z[:, 0], torch.inf)
        self.witness = z.clone()
        self.evaluations = len(z)

    def start(self, extent: float) -> _Cells:
        """The changing cells over [-extent, extent]²."""
        most = math.ceil(extent / self.spacing)
        ticks = torch.arange(-most, most, device=self.z.device)
        return self.classify(torch.cartesian_prod(ticks, ticks)).changing()

    def refine(self, cells: _Cells) -> _Cells:
        """The changing quarters of cells near a sample, and the neighbours through which their boundaries go on."""
        near = self._near(cells.place)
        self.spacing /= 2
        known = (2 * near[:, None] + near.new_tensor(CORNERS)).flatten(0, 1)
        new = changing = self.classify(known).changing()
        while len(new.place):
            beyond = self._near(_without(new.beyond(), known))
            known = torch.cat([known, beyond])
            new = self.classify(beyond).changing()
            changing = _Cells(torch.cat([changing.place, new.place]), torch.cat([changing.label, new.label]))
        return changing

    def classify(self, place: Tensor) -> _Cells:
        """The cells there with their corners' classes; nearer witnesses among the corners are kept."""
        corners = place[:, None] + place.new_tensor(CORNERS)
        points, index = torch.unique(corners.flatten(0, 1), dim=0, return_inverse=True)
        z = points * torch.tensor(self.spacing, dtype=self.z.dtype, device=self.z.device)
        labels = self.problem.labels(z) if len(z) else self.label[:0]
        self.evaluations += len(z)
        if len(z):
            self._keep_witnesses(z, labels)
        return _Cells(place, labels[index].view(-1, 4))

    @property
    def within(self) -> Tensor:
        """(count,): a boundary that comes nearer than this is still of interest."""
        return (self.radius - self.tolerance).clamp(min=0)

    def _near(self, place: Tensor) -> Tensor:
        """Those of the cells that come nearer to some sample than its witness, by more than the tolerance."""
        near = torch.zeros(len(place), dtype=torch.bool, device=place.device)
        for own in self._parts():
            near |= (self._distance(place, own) < self.within[own, None]).any(dim=0)
        return place[near]

    def _keep_witnesses(self, z: Tensor, labels: Tensor) -> None:
        for own in self._parts():
            distance = torch.cdist(self.z[own], z, compute_mode="donot_use_mm_for_euclid_dist")
            nearest = distance.masked_fill_(labels == self.label[own, None], torch.inf).min(dim=1)
            nearer = nearest.values < self.radius[own]
            self.radius[own] = torch.where(nearer, nearest.values, self.radius[own])
            self.witness[own] = torch.where(nearer[:, None], z[nearest.indices], self.witness[own])

    def _distance(self, place: Tensor, own: slice) -> Tensor:
        """(samples, cells): from a sample to the nearest point of a cell."""
        inwards = self.z[own, None] / self.spacing - (place + 0.5)
        distance: Tensor = self.spacing * (inwards.abs() - 0.5).clamp(min=0).norm(dim=2)
        return distance

    def _parts(self) -> list[slice]:
        return [slice(start, start + SAMPLES_AT_ONCE) for start in range(0, len(self.z), SAMPLES_AT_ONCE)]


def _without(place: Tensor, known: Tensor) -> Tensor:
    """The places, each once, that are not among the known ones."""
    place = torch.unique(place, dim=0)
    everything, index = torch.unique(torch.cat([known, place]), dim=0, return_inverse=True)
    is_known = torch.zeros(len(everything), dtype=torch.bool, device=place.device)
    is_known[index[: len(known)]] = True
    return place[~is_known[index[len(known) :]]]
