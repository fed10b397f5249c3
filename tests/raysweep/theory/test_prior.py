import math

import numpy as np
import pytest
from scipy import stats
from scipy.stats import chi2

from raysweep.theory.prior import log_density_per_dim, overlap, radius, square_per_dim

# Norms and likelihood


@pytest.mark.parametrize("dim", [1, 3, 50])
def test_the_log_density_is_that_of_a_normal_distribution(dim: int) -> None:
    z = np.random.default_rng(dim).normal(size=dim)
    expected = stats.multivariate_normal(np.zeros(dim), np.eye(dim)).logpdf(z) / dim
    assert log_density_per_dim(float(z @ z) / dim) == pytest.approx(expected)


def test_the_band_holds_its_share_of_the_prior() -> None:
    squares = (np.random.default_rng(0).normal(size=(20_000, 10)) ** 2).mean(axis=1)
    low, high = square_per_dim(10)
    assert np.mean((low < squares) & (squares < high)) == pytest.approx(0.95, abs=5 * math.sqrt(0.95 * 0.05 / 20_000))


def test_the_overlap_is_one_for_the_prior_and_nothing_far_from_it() -> None:
    stream = np.random.default_rng(0)
    for dim in (2, 30, 500):
        norms = np.linalg.norm(stream.normal(size=(10_000, dim)), axis=1)
        assert 0.97 < overlap(norms, dim) <= 1
        assert overlap(norms + 10, dim) == pytest.approx(0, abs=1e-6)


def test_an_overlap_by_hand() -> None:
    # All norms in one bin: what they share with the prior is the prior's mass in it.
    inside = stats.chi(3).cdf(1.5) - stats.chi(3).cdf(1.25)
    assert overlap(np.full(100, 1.4), 3) == pytest.approx(inside)


@pytest.mark.parametrize(("latent_dim", "percent"), [(2, 98.17), (10, 99.07), (100, 99.66), (1000, 99.81)])
def test_the_papers_ball_does_not_hold_the_share_of_the_prior_that_is_meant(latent_dim: int, percent: float) -> None:
    share = chi2.cdf(radius("paper_ball", latent_dim) ** 2, latent_dim)
    assert round(100 * share, 2) == percent
    assert radius("paper_ball", latent_dim) ** 2 == pytest.approx(latent_dim + 3 * math.sqrt(2 * latent_dim))


@pytest.mark.parametrize("latent_dim", [1, 2, 10, 1000, 5000])
def test_the_chi_squared_ball_holds_exactly_what_is_meant(latent_dim: int) -> None:
    assert radius("chi2_ball", latent_dim) ** 2 == pytest.approx(chi2.ppf(0.997, latent_dim), rel=1e-12)
