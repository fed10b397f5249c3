import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2

from raysweep.feasible import project, radius


@pytest.mark.parametrize(("latent_dim", "percent"), [(2, 98.17), (10, 99.07), (100, 99.66), (1000, 99.81)])
def test_the_papers_ball_does_not_hold_the_share_of_the_prior_that_is_meant(latent_dim: int, percent: float) -> None:
    share = chi2.cdf(radius("paper_ball", latent_dim) ** 2, latent_dim)
    assert round(100 * share, 2) == percent
    assert radius("paper_ball", latent_dim) ** 2 == pytest.approx(latent_dim + 3 * math.sqrt(2 * latent_dim))


@pytest.mark.parametrize("latent_dim", [1, 2, 10, 1000, 5000])
def test_the_chi_squared_ball_holds_exactly_what_is_meant(latent_dim: int) -> None:
    assert radius("chi2_ball", latent_dim) ** 2 == pytest.approx(chi2.ppf(0.997, latent_dim), rel=1e-12)


def test_everything_is_unbounded() -> None:
    z = torch.randn(5, 3, generator=torch.Generator().manual_seed(0)) * 1e6
    assert radius("everything", 3) == math.inf
    assert torch.equal(project(z, math.inf), z)


@given(
    z=st.lists(st.floats(-1e6, 1e6, width=32), min_size=1, max_size=20),
    limit=st.floats(0.01, 100),
)
def test_projection_is_the_nearest_feasible_latent(z: list[float], limit: float) -> None:
    before = torch.tensor([z], dtype=torch.float64)
    after = project(before, limit)
    norm = float(before.norm())
    assert float(after.norm()) <= limit * (1 + 1e-12)
    assert float((after - before).norm()) == pytest.approx(max(0.0, norm - limit), rel=1e-9, abs=1e-9)
    if norm <= limit:
        assert torch.equal(after, before)


def test_the_origin_stays() -> None:
    assert torch.equal(project(torch.zeros(2, 4), 1.0), torch.zeros(2, 4))
