"""The code of the measures, one file a measure."""

from typing import Any

import pyarrow as pa
from numpy.typing import NDArray

from raysweep.measures.context import Columns
from raysweep.measures.context import MeasureContext as MeasureContext
from raysweep.measures.context import StudyContext as StudyContext
from raysweep.study.measures import MeasureSettings, Shard


def run_measure(settings: MeasureSettings, shard: Shard, context: MeasureContext) -> pa.Table:
    """The rows of one shard of a measure of one trial.

    They depend on the settings, the trial and the shard alone: all random streams are named by these.
    """
    columns: Columns = settings.implementation().run(settings, shard, context)
    rows = len(next(iter(columns.values())))
    names = {"measure": [settings.name] * rows, "trial": [context.trial.id] * rows}
    return settings.table.rows({**names, **columns})


def prepare(settings: MeasureSettings, context: StudyContext) -> dict[str, NDArray[Any]]:
    """Computes the `reference` that a measure with `needs_reference` finds in its context."""
    arrays: dict[str, NDArray[Any]] = settings.implementation().prepare(settings, context)
    return arrays
