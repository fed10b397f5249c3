"""Class radii of models, from the radii of their samples."""

import math

import numpy as np
import pandas as pd

from analysis.results import Results, Value


def radii(results: Results, rows: pd.DataFrame) -> tuple[Value, ...]:
    """Each trial's mean over its prior samples, and the share for which no other class was found.

    These count with the largest radius found, so that the mean is no more than it would be with theirs.
    """
    values = []
    for trial, of_trial in results.by_trial(rows):
        own = of_trial["radius"].to_numpy(np.float64)
        censored = np.isinf(own)
        mean = math.nan if censored.all() else float(np.where(censored, own[~censored].max(), own).mean())
        values.append(Value(trial, "samples", mean, len(own), censored=float(censored.mean())))
    return tuple(values)


def bracket(results: Results, rows: pd.DataFrame) -> tuple[Value, ...]:
    """The upper estimates of E[r(z)], and the lower bounds of those trials that have one."""
    bounded = rows[rows["lower"].notna()].assign(part="lower")
    return (*radii(results, rows), *results.means(bounded, "lower"))
