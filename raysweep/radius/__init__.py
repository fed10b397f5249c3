"""Class radius: how far, in latent space, the nearest other class is."""

from raysweep.radius.boundary import Bank, Radii, class_radius, make_bank
from raysweep.radius.certified import NoBoundsError, certified_radius
from raysweep.radius.classifiers import Within, nearest_point
from raysweep.radius.grid import GridRadii, grid_radius, halving_moves
from raysweep.radius.problem import Problem

__all__ = [
    "Bank",
    "GridRadii",
    "NoBoundsError",
    "Problem",
    "Radii",
    "Within",
    "certified_radius",
    "class_radius",
    "grid_radius",
    "halving_moves",
    "make_bank",
    "nearest_point",
]
