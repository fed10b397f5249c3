"""The measures' settings and tables, one file a measure, and what measures share.

Settings name the module in `raysweep.measures` that runs them. A measure is cut into shards whose boundaries
come from these settings and the data set alone, never from the number of workers, so its table is the same whatever
computes it.
"""

from raysweep.study.measures.base import MeasureSettings as MeasureSettings
from raysweep.study.measures.base import Part as Part
from raysweep.study.measures.base import Shard as Shard
from raysweep.study.measures.base import cut as cut
