"""Inversion of generators: for each image, the feasible latent whose image comes nearest to it."""

from raysweep.inversion.feasible import FeasibleSet, feasible_set, project
from raysweep.inversion.problem import Inversion
from raysweep.inversion.rewrite import fast_equal
from raysweep.inversion.solve import Inverter, invert
from raysweep.theory.prior import radius

__all__ = ["FeasibleSet", "Inversion", "Inverter", "fast_equal", "feasible_set", "invert", "project", "radius"]
