"""Class radii of models, from the radii of their samples."""

import numpy as np
import pandas as pd

from analysis.results import Results, Value
from raysweep.study.objectives import mean_radius


def radii(results: Results, rows: pd.DataFrame) -> tuple[Value, ...]:
    """Each trial's mean over its prior samples, and the share for which no other class was found."""
    values = []
    for trial, of_trial in results.by_trial(rows):
        own = of_trial["radius"].to_numpy(np.float64)
        values.append(Value(trial, "samples", mean_radius(own), len(own), censored=float(np.isinf(own).mean())))
    return tuple(values)


def bracket(results: Results, rows: pd.DataFrame) -> tuple[Value, ...]:
    """The upper estimates of E[r(z)], and the lower bounds of those trials that have one."""
    bounded = rows[rows["lower"].notna()].assign(part="lower")
    return (*radii(results, rows), *results.means(bounded, "lower"))
