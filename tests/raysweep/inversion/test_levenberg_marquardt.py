import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from raysweep.inversion import FeasibleSet, fast_equal, levenberg_marquardt
from raysweep.study.architecture import ImageShape
from support.inversion_problems import (
    curved,
    random,
    untrained,
)


@given(
    curvature=st.lists(st.floats(1e-3, 1e3), min_size=3, max_size=3),
    right=st.lists(st.floats(-1e3, 1e3).filter(lambda b: abs(b) > 1e-3), min_size=3, max_size=3),
    inner=st.floats(0.1, 10),
)
def test_the_subproblem_on_a_shell(curvature: list[float], right: list[float], inner: float) -> None:
    """No point of a fine net on the inner sphere, nor any outside it on the same rays, is better."""
    C, b = torch.tensor([curvature], dtype=torch.float64), torch.tensor([right], dtype=torch.float64)
    shell = FeasibleSet(inner, 1e9)

    def value(w: Tensor) -> Tensor:
        return (C * w.square() / 2 - b * w).sum(dim=1)

    w = levenberg_marquardt.nearest_feasible(C, b, shell)
    assert float(w.norm()) >= inner * (1 - 1e-6)
    net = shell.project(inner * torch.nn.functional.normalize(random(2000, 3).double(), dim=1))
    scale = float(value(net).abs().max())
    assert float(value(w)) <= float(value(net).min()) + 1e-6 * scale
    assert float(value(w)) <= float(value(2 * net).min()) + 1e-6 * scale


def test_the_exact_jacobian() -> None:
    generate, z = curved(4), random(5, 4)
    images, columns = levenberg_marquardt.jacobian(generate, z)
    torch.testing.assert_close(images, generate(z).flatten(1))
    for i in range(5):
        expected = torch.autograd.functional.jacobian(lambda z: generate(z[None])[0].flatten(), z[i])
        torch.testing.assert_close(columns[i].T, expected)


def test_the_jacobian_of_our_rewritten_generator() -> None:
    network, z = untrained(3, ImageShape(1, 8), 4).double(), random(4, 3).double()
    _, columns = levenberg_marquardt.jacobian(fast_equal(network, z), z)
    step = 1e-6 * torch.eye(3, dtype=torch.float64)
    for k in range(3):
        expected = (network(z + step[k]) - network(z - step[k])).flatten(1) / 2e-6
        torch.testing.assert_close(columns[:, k], expected, rtol=1e-5, atol=1e-6)


@given(
    curvature=st.lists(st.floats(1e-6, 1e6), min_size=3, max_size=3),
    right=st.lists(st.floats(-1e6, 1e6), min_size=3, max_size=3),
    limit=st.floats(0.1, 10),
)
def test_the_subproblem_on_the_ball(curvature: list[float], right: list[float], limit: float) -> None:
    C, b = torch.tensor([curvature], dtype=torch.float64), torch.tensor([right], dtype=torch.float64)
    w = levenberg_marquardt.nearest_feasible(C, b, FeasibleSet(0.0, limit))
    free = b / C
    if float(free.norm()) <= limit:
        assert torch.equal(w, free)
    else:  # on the sphere, with a multiplier that is the same for all coordinates
        assert float(w.norm()) == pytest.approx(limit, rel=1e-6)
        assert float((b - C * w).mul(w).sum()) >= 0
