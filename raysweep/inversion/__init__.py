"""Inversion of generators: for each image, the feasible latent whose image comes nearest to it."""

from raysweep.inversion.feasible import FeasibleSet as FeasibleSet
from raysweep.inversion.feasible import feasible_set as feasible_set
from raysweep.inversion.feasible import project as project
from raysweep.inversion.problem import Inversion as Inversion
from raysweep.inversion.rewrite import fast_equal as fast_equal
from raysweep.inversion.solve import Inverter as Inverter
from raysweep.inversion.solve import invert as invert
from raysweep.theory.prior import radius as radius
