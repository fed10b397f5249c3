"""The smallest dim(z) at which a wanted reconstruction error is reached, with its interval.

For an autoencoder it is a lower bound of the latent dimension that a generator of the same data needs.

Source: Pinetz, Soukup and Pock (2019), Section 4.1; there it is read off Fig. 3 by eye.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special
from scipy.optimize import isotonic_regression

from analysis.results import Results
from analysis.statistics.curves import series_label
from analysis.statistics.intervals import student
from raysweep.seeding import derive_seed
from raysweep.study.measures import MeasureSettings

PARTS = ("train", "validation")
"""Images of the data set itself: what a latent space must be large enough for."""

RESAMPLES, AT_ONCE = 1_000, 50
"""How many curves are resampled; and how many together, which bounds the memory."""


@dataclass(frozen=True)
class Sweep:
    """Squared errors of one arm at each of its dim(z), on images that all its trials share."""

    measure: str
    arm: str
    label: str
    part: str
    dims: tuple[int, ...]
    """In ascending order."""
    errors: tuple[NDArray[np.float64], ...]
    """(seeds, images) for each dim(z); seeds may be missing where a trial failed."""

    @property
    def images(self) -> int:
        """Number of images."""
        return int(self.errors[0].shape[1])

    @property
    def fewest_seeds(self) -> int:
        """The number of seeds where they are fewest."""
        return min(len(errors) for errors in self.errors)

    def has_errors_of(self, other: "Sweep") -> bool:
        """Whether every error is that of another sweep of the same arm and part."""
        return (self.arm, self.part, self.dims) == (other.arm, other.part, other.dims) and all(
            np.array_equal(mine, its) for mine, its in zip(self.errors, other.errors, strict=True)
        )


@dataclass(frozen=True)
class Reach:
    """The smallest dim(z) that reaches an error; `low` and `high` are the 95 % interval's ends.

    Never extrapolated: the smallest dim(z) tried stands for itself and all below, ∞ for all above the largest.
    """

    error: float
    dim: float
    low: float
    high: float


@dataclass(frozen=True)
class Inverse:
    """The dim(z) that an error needs: monotone curves of error against dim(z), read the other way round."""

    dims: tuple[int, ...]
    fit: NDArray[np.float64]
    """(dims,): ln of the error, never rising."""
    resampled: NDArray[np.float64]
    """(`RESAMPLES`, dims): the same from resampled seeds and images."""
    tail: float
    """Share of the resampled curves that lies beyond either end of the interval."""

    def interval(self, error: float) -> tuple[float, float]:
        """The ends of the 95 % interval, not rounded."""
        found = np.sort(smallest(self.dims, self.resampled, math.log(error)))
        beyond = math.floor(self.tail * len(found))  # whole order statistics: some may be infinite
        return float(found[beyond]), float(found[-1 - beyond])

    def reach(self, error: float) -> Reach:
        """The smallest dim(z) for the error, and its interval, in whole numbers."""
        ends = smallest(self.dims, self.fit[None], math.log(error))[0], *self.interval(error)
        dim, low, high = (math.ceil(end - 1e-9) if math.isfinite(end) else end for end in ends)
        return Reach(error, dim, min(low, dim), max(high, dim))


def sweeps(results: Results, measure: MeasureSettings) -> Iterator[Sweep]:
    """Every arm that a measure reconstructs at several dim(z), by part; its other axes at the arm's own values."""
    trials = {t.id: t for t in results.trials if t.latent_dim is not None and results.is_main(t)}
    rows = results.rows(measure)
    rows = rows[rows["trial"].isin(list(trials)) & rows["part"].isin(PARTS)]
    arm_of = rows["trial"].map({trial.id: trial.arm for trial in trials.values()})
    for arm in results.study.arms:
        for part in PARTS:
            table = rows[(arm_of == arm.name) & (rows["part"] == part)]
            errors = table.pivot_table(index="trial", columns="image", values="mse").dropna(axis="columns")
            by_dim = _by_dim(errors, {name: trials[name].latent_dim or 0 for name in errors.index})
            if len(by_dim) > 1 and errors.shape[1]:
                label = series_label(trials[str(errors.index[0])])
                yield Sweep(measure.name, arm.name, label, part, tuple(by_dim), tuple(by_dim.values()))


def _by_dim(errors: pd.DataFrame, dims: dict[str, int]) -> dict[int, NDArray[np.float64]]:
    return {
        dim: errors.loc[[trial for trial in errors.index if dims[trial] == dim]].to_numpy()
        for dim in sorted(set(dims.values()))
    }


def inverse(sweep: Sweep) -> Inverse:
    """Fits a curve that never rises, to the data and to resampled ones.

    The curve is the isotonic regression of ln(error) on dim(z), the error being averaged over images and then seeds,
    with as much weight as there are seeds; it is linear in ln dim(z) between those tried.

    Images are resampled, the same ones for every trial. Seeds are resampled by what ln(error) differs from its mean at
    the same dim(z), times √(n/(n − 1)) for n seeds: since few seeds cannot stand for all, these residuals are pooled
    over dim(z), at which the spread is taken to be equal, as in the verdicts. The tails are cut at Φ(−t), with
    Student's t for the residuals' degrees of freedom. Of one seed only images are resampled.

    Source: Davison and Hinkley (1997), Bootstrap methods and their application (residuals); Hesterberg (2015), What
    teachers should know about the bootstrap (tails).
    """
    stream = np.random.default_rng(derive_seed("smallest dimension", sweep.measure, sweep.arm, sweep.part))
    seeds = [len(errors) for errors in sweep.errors]
    residuals, equal = _residuals(sweep), np.full(sweep.images, 1 / sweep.images)
    resampled = []
    for _ in range(RESAMPLES // AT_ONCE):
        shares = stream.multinomial(sweep.images, equal, AT_ONCE) / sweep.images
        spread = [stream.choice(residuals, (AT_ONCE, count)).mean(axis=1) for count in seeds]
        resampled += [never_rising(curve, seeds) for curve in _curves(sweep, shares) + np.stack(spread, axis=1)]
    freedom = sum(seeds) - len(seeds)
    tail = float(special.ndtr(-student(freedom if freedom else sweep.images)))
    return Inverse(sweep.dims, never_rising(_curves(sweep, equal[None])[0], seeds), np.array(resampled), tail)


def _residuals(sweep: Sweep) -> NDArray[np.float64]:
    """How ln(error) of each seed differs from the mean at its dim(z), scaled to the seeds' spread; 0 for one seed."""
    pieces = [np.zeros(1)]
    for errors in sweep.errors:
        if (count := len(errors)) > 1:
            logarithms = _logarithm(errors.mean(axis=1))
            pieces.append((logarithms - logarithms.mean()) * math.sqrt(count / (count - 1)))
    return np.concatenate(pieces[1:] or pieces)


def _curves(sweep: Sweep, shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """(curves, dims): ln of the mean error over seeds, and over images as weighted by `shares` (curves, images)."""
    return _logarithm(np.stack([(shares @ errors.T).mean(axis=1) for errors in sweep.errors], axis=1))


def _logarithm(errors: NDArray[np.float64]) -> NDArray[np.float64]:
    """ln of errors; that of none at all is finite."""
    return np.log(np.maximum(errors, np.finfo(np.float64).tiny))


def never_rising(values: NDArray[np.float64], weights: list[int]) -> NDArray[np.float64]:
    """The weighted least-squares fit to `values` among those that never rise."""
    fit: NDArray[np.float64] = isotonic_regression(values, weights=weights, increasing=False).x
    return fit


def smallest(dims: tuple[int, ...], curves: NDArray[np.float64], level: float) -> NDArray[np.float64]:
    """The smallest dim(z) at which each of `curves` (curves, dims), which never rise, is down to `level`.

    Linear in ln dim(z) in between; the first of `dims` where it is there already, ∞ where it never gets there.
    """
    reached, places = curves <= level, np.log(dims)
    after = reached.argmax(axis=1)
    before = np.maximum(after - 1, 0)
    high, low = (np.take_along_axis(curves, at[:, None], axis=1)[:, 0] for at in (before, after))
    share = np.divide(high - level, high - low, out=np.zeros_like(high), where=after > 0)
    found = np.exp(places[before] + share * (places[after] - places[before]))
    return np.where(reached.any(axis=1), found, math.inf)
