from raysweep.study.measures.brightness import Brightness as Brightness
from raysweep.study.models.mean_match import MeanMatch as MeanMatch
from raysweep.study.random_search import RandomSearch as RandomSearch
