"""How far weights are from a normal distribution."""

import math

import pandas as pd

from analysis.results import Results, Value

STATES = ["trial", "part"]
"""Columns that name a model in one state."""


NORMAL_WITHIN = 0.02
"""A Kolmogorov-Smirnov distance that still counts as normal: no share of the weights is off by more than 2 % of all.

About that of a logistic distribution (0.023), and a third of that of the uniform one from which training starts. The
paper states no criterion: this one is ours.
"""


FEWEST = math.ceil((0.886 / NORMAL_WITHIN) ** 2)
"""Layers with fewer weights are not judged: with n of them even 5 % of normal samples are farther than 0.886 / √n.

Source: Lilliefors (1967), Table 1.
"""


def largest_distances(results: Results, rows: pd.DataFrame) -> tuple[Value, ...]:
    """The largest distance of a layer that can be judged, for each trial and state; NaN where none can."""
    judged = rows.assign(value=rows["ks_distance"].where(rows["count"] >= FEWEST))
    return _of_states(results, judged.groupby(STATES, sort=False)["value"].max())


def std_ratios(results: Results, rows: pd.DataFrame) -> tuple[Value, ...]:
    """The largest standard deviation of a layer over the smallest, for each trial and state."""
    found = rows.groupby(STATES, sort=False)["std"]
    return _of_states(results, found.max() / found.min())


def _of_states(results: Results, values: "pd.Series[float]") -> tuple[Value, ...]:
    return results.means(values.rename("value").reset_index(), "value")
