import math

import numpy as np
import pytest

from analysis.statistics.weights import FEWEST, NORMAL_WITHIN
from raysweep.measures.weights import ks_distance, moments


def test_chance_makes_no_layer_with_enough_weights_look_abnormal() -> None:
    """95 of 100 normal samples of the least size are nearer than the margin: within four standard errors here."""
    stream = np.random.default_rng(0)
    found = []
    for _ in range(400):
        sample = np.sort(stream.normal(size=FEWEST))
        found.append(ks_distance(sample, moments(sample)) > NORMAL_WITHIN)
    assert np.mean(found) == pytest.approx(0.05, abs=4 * math.sqrt(0.05 * 0.95 / 400))
