"""Inversion of generators: for each image, the feasible latent whose image comes nearest to it."""

from raysweep.inversion.feasible import project, radius
from raysweep.inversion.problem import Inversion
from raysweep.inversion.projected_adam import invert

__all__ = ["Inversion", "invert", "project", "radius"]
