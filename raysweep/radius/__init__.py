"""Class radius: how far, in latent space, the nearest other class is."""

from raysweep.radius.boundary import Bank as Bank
from raysweep.radius.boundary import Radii as Radii
from raysweep.radius.boundary import class_radius as class_radius
from raysweep.radius.boundary import make_bank as make_bank
from raysweep.radius.certified import NoBoundsError as NoBoundsError
from raysweep.radius.certified import certified_radius as certified_radius
from raysweep.radius.classifiers import Within as Within
from raysweep.radius.classifiers import nearest_point as nearest_point
from raysweep.radius.grid import GridRadii as GridRadii
from raysweep.radius.grid import grid_radius as grid_radius
from raysweep.radius.grid import halving_moves as halving_moves
from raysweep.radius.problem import Problem as Problem
