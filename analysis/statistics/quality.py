"""Numbers that the measures of sample quality share."""

import math
from dataclasses import replace

import pandas as pd

from analysis.results import Results, Value


def support_sizes(results: Results, rows: pd.DataFrame, column: str = "support") -> tuple[Value, ...]:
    """The number of each trial; a trial whose samples have no duplicates, and so no finite one, is censored."""
    return tuple(
        value if math.isfinite(value.value) else replace(value, value=math.nan, censored=1.0)
        for value in results.means(rows, column)
    )


QUANTITIES = ("precision", "recall", "density", "coverage")
