"""Searches with Optuna over the settings of a model: all that a tuning file needs. No torch, no Ray."""

from raysweep.tuning.pruners import Halving as Halving
from raysweep.tuning.pruners import MedianRule as MedianRule
from raysweep.tuning.settings import Nsga2 as Nsga2
from raysweep.tuning.settings import Random as Random
from raysweep.tuning.settings import Tpe as Tpe
from raysweep.tuning.settings import Tuning as Tuning
from raysweep.tuning.settings import choice as choice
from raysweep.tuning.settings import integers as integers
from raysweep.tuning.settings import log_uniform as log_uniform
from raysweep.tuning.settings import uniform as uniform
