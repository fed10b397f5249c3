"""How much each searched setting matters to an objective: a forest's loss of accuracy without it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from analysis.statistics.intervals import student
from analysis.statistics.searches import Found, ScoredSettings, is_ordered, mean

ENOUGH = 20
"""Fewer complete configurations than this tell nothing."""
TREES = 60
GROUPS = 8
"""The number of groups of configurations, each of which is left out once."""

Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class Importance:
    """Of every setting, for one objective."""

    objective: str
    values: Matrix
    """By setting."""
    errors: Matrix
    """Standard errors, by setting."""
    explained: float
    """Share of the objective's variance, in ranks, that the forest explains on what its trees did not see."""

    @property
    def half(self) -> Matrix:
        """Half the width of 95 % Student-t intervals."""
        return student(GROUPS - 1) * self.errors


def importances(found: Found) -> tuple[Importance, ...]:
    """Of every setting, for every objective; none with fewer than `ENOUGH` configurations.

    The objective's ranks yᵢ are predicted from the settings' by a forest of bootstrapped trees. A setting's importance
    is how much the squared error on what a tree did not see grows when the setting's values are shuffled there, over
    the variance of y. It is 0 for a setting that does not matter, up to 2 for one that alone decides; shares of an
    interaction are counted for each of its settings.

    Its standard error is a grouped jackknife's: with one of G groups left out in turn, SE² = (G − 1)/G Σ (θ_g − θ̄)².

    Source: Breiman (2001), Section 10; for the jackknife Efron and Tibshirani (1993), Section 11.
    """
    if len(found.complete) < ENOUGH:
        return ()
    settings = np.column_stack([encode([each.values[name] for each in found.complete]) for name in found.settings])
    return tuple(_importance(name, settings, _ranks(found.complete, name)) for name in found.objectives)


def encode(values: Sequence[Any]) -> Matrix:
    """Ranks of numbers, ∞ included; of names their place in the alphabet."""
    keys = values if is_ordered(values) else [sorted(set(map(str, values))).index(str(value)) for value in values]
    return np.asarray(rankdata(keys), dtype=np.float64)


def _ranks(configurations: Sequence[ScoredSettings], objective: str) -> Matrix:
    means = [mean(each.searched[objective]) for each in configurations]
    return np.asarray(rankdata(means), dtype=np.float64)


def _importance(objective: str, settings: Matrix, ranks: Matrix) -> Importance:
    values, explained = forest_importance(settings, ranks)
    groups = np.random.default_rng(0).permutation(len(ranks)) % GROUPS
    each = np.array([forest_importance(settings[groups != g], ranks[groups != g])[0] for g in range(GROUPS)])
    errors = np.sqrt((GROUPS - 1) / GROUPS * np.square(each - each.mean(axis=0)).sum(axis=0))
    return Importance(objective, values, errors, explained)


def forest_importance(settings: Matrix, target: Matrix) -> tuple[Matrix, float]:
    """The importance of every column, and the share of the target's variance that is explained; see `importances`."""
    from sklearn.tree import DecisionTreeRegressor  # noqa: PLC0415 (takes a second, and most reports need none)

    random = np.random.default_rng(1)
    count, columns = settings.shape
    variance = float(target.var())
    if variance == 0:
        return np.zeros(columns), 0.0
    growth, sums, votes = np.zeros(columns), np.zeros(count), np.zeros(count)
    for seed in range(TREES):
        drawn = random.integers(count, size=count)
        unseen = np.setdiff1d(np.arange(count), drawn)
        tree = DecisionTreeRegressor(min_samples_leaf=2, random_state=seed).fit(settings[drawn], target[drawn])
        shuffled = np.repeat(settings[unseen][None], columns + 1, axis=0)
        for column in range(columns):
            shuffled[column, :, column] = random.permutation(shuffled[column, :, column])
        predicted = tree.predict(shuffled.reshape(-1, columns)).reshape(columns + 1, -1)
        errors = np.square(predicted - target[unseen]).mean(axis=1)
        growth += (errors[:-1] - errors[-1]) / TREES
        sums[unseen] += predicted[-1]
        votes[unseen] += 1
    voted = votes > 0
    residual = float(np.square(sums[voted] / votes[voted] - target[voted]).mean())
    return growth / variance, 1 - residual / variance
