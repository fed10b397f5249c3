"""How often inversion recovers generated images, and how often two inversions of an image end alike."""

import pandas as pd

from raysweep.study.measures.reconstruction import RECOVERED

PARTS = ("train", "validation", "generated")

ALIKE = 0.01
"""Two searches end alike if their errors differ by at most this share of the larger one, or both are recoveries."""


def recoveries(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of generated images, with whether each was recovered."""
    rows = rows[rows["part"] == "generated"]
    return rows.assign(recovered=rows["mse"] < RECOVERED * rows["signal"])


def repetitions(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of images of the splits and of generated images that were inverted twice, with whether both ended alike."""
    rows = rows[rows["part"].isin(PARTS) & rows["repeated_mse"].notna()]
    errors = rows[["mse", "repeated_mse"]]
    close = errors.max(axis=1) - errors.min(axis=1) <= ALIKE * errors.max(axis=1)
    return rows.assign(alike=close | (errors.max(axis=1) < RECOVERED * rows["signal"]))
