import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2

from raysweep.inversion.feasible import FeasibleSet, feasible_set, project
from raysweep.study.solvers import Feasible
from raysweep.theory.prior import radius


@pytest.mark.parametrize("latent_dim", [1, 2, 10, 1000, 5000])
def test_the_shell_cuts_equal_tails_off(latent_dim: int) -> None:
    shell = feasible_set("shell", latent_dim)
    assert chi2.cdf(shell.inner**2, latent_dim) == pytest.approx(0.0015, rel=1e-9)
    assert chi2.sf(shell.outer**2, latent_dim) == pytest.approx(0.0015, rel=1e-9)


@pytest.mark.parametrize("feasible", ["paper_ball", "chi2_ball", "everything"])
def test_balls_hold_the_origin(feasible: Feasible) -> None:
    assert feasible_set(feasible, 3).inner == 0


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


def test_the_origin_stays_in_a_ball_and_leaves_a_shell() -> None:
    assert torch.equal(project(torch.zeros(2, 4), 1.0), torch.zeros(2, 4))
    assert FeasibleSet(0.5, 1.0).project(torch.zeros(2, 3)).tolist() == [[0.5, 0, 0]] * 2


@given(
    z=st.lists(st.floats(-1e6, 1e6, width=32), min_size=1, max_size=20),
    inner=st.floats(0.01, 100),
    thickness=st.floats(0.01, 100),
)
def test_projection_to_a_shell_is_the_nearest_feasible_latent(z: list[float], inner: float, thickness: float) -> None:
    shell = FeasibleSet(inner, inner + thickness)
    before = torch.tensor([z], dtype=torch.float64)
    after = shell.project(before)
    norm = float(before.norm())
    outside = max(inner - norm, 0.0, norm - shell.outer)
    assert inner * (1 - 1e-12) <= float(after.norm()) <= shell.outer * (1 + 1e-12)
    assert float((after - before).norm()) == pytest.approx(outside, rel=1e-9, abs=1e-9)
    if outside == 0:
        assert torch.equal(after, before)


def test_gradients_lose_what_would_leave_the_set() -> None:
    """On either sphere the part along z is lost if descent points out of the shell, and between them nothing is."""
    shell = FeasibleSet(1.0, 2.0)
    radial, tangent = torch.tensor([[3.0, 0.0]]), torch.tensor([[0.0, 5.0]])
    everything = feasible_set("everything", 2)
    for norm, kept_inward, kept_outward in ((1.0, False, True), (1.5, True, True), (2.0, True, False)):
        z = torch.tensor([[norm, 0.0]])
        # The gradient points outward, so descent goes inward; and the other way round.
        inward, outward = shell.projected_gradient(z, radial + tangent), shell.projected_gradient(z, tangent - radial)
        assert torch.equal(inward, radial + tangent if kept_inward else tangent)
        assert torch.equal(outward, tangent - radial if kept_outward else tangent)
        assert torch.equal(everything.projected_gradient(z, tangent - radial), tangent - radial)
