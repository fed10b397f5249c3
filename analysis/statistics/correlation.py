"""Rank correlation of two numbers of each model, and how sure it is."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

RESAMPLES = 5_000
"""Resamples of a bootstrap."""


def rank_correlation(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    """Spearman's ρ of pairs; NaN where one of the two is constant. Infinity is the largest value, ties share a rank.

    Source: Spearman (1904).
    """
    return float(_row_correlations(x[np.newaxis], y[np.newaxis])[0])


def bootstrap_interval(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[float, float]:
    """The 95 % percentile interval of ρ over pairs drawn with replacement; always the same for the same pairs.

    Resamples in which one of the two is constant have no ρ, and are left out.

    Source: Efron and Tibshirani (1993), Section 13.3.
    """
    drawn = np.random.default_rng(0).integers(len(x), size=(RESAMPLES, len(x)))
    correlations = _row_correlations(x[drawn], y[drawn])
    low, high = np.nanpercentile(correlations, [2.5, 97.5]) if np.isfinite(correlations).any() else (np.nan, np.nan)
    return float(low), float(high)


def _row_correlations(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    """ρ of each row of x with the same row of y, (rows, pairs)."""
    ranks = [pd.DataFrame(values).rank(axis=1).to_numpy() for values in (x, y)]
    a, b = (rank - rank.mean(axis=1, keepdims=True) for rank in ranks)
    scale = np.sqrt((a**2).sum(axis=1) * (b**2).sum(axis=1))
    correlations = np.full(len(a), np.nan)
    np.divide((a * b).sum(axis=1), scale, out=correlations, where=scale > 0)
    return correlations
