"""Lagrange's polynomials by hand, known Lebesgue constants, and that the images are reached."""

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from raysweep.models.learner import Learner
from raysweep.models.polynomial import BASES, barycentric_basis, log_lebesgue, make_nodes, product_basis
from raysweep.study import Polynomial
from raysweep.theory.prior import radius

BALL = radius("paper_ball", 1)

forms = pytest.mark.parametrize("form", BASES)


def basis(form: str, nodes: list[float], z: float) -> list[float]:
    values = BASES[form](torch.tensor([z], dtype=torch.float64), torch.tensor(nodes, dtype=torch.float64))
    return [float(value) for value in values[0]]


@forms
def test_two_nodes_make_a_line(form: str) -> None:
    assert basis(form, [1, 3], 1.5) == pytest.approx([0.75, 0.25])
    assert basis(form, [1, 3], 5) == pytest.approx([-1, 2])


@forms
def test_three_nodes_make_a_parabola(form: str) -> None:
    """At p = 0, 1, 3: ℓ₁ = (1 − z)(3 − z) / 3, ℓ₂ = z (3 − z) / 2, ℓ₃ = z (z − 1) / 6."""
    assert basis(form, [0, 1, 3], 2) == pytest.approx([-1 / 3, 1, 1 / 3])
    assert basis(form, [0, 1, 3], -1) == pytest.approx([8 / 3, -2, 1 / 3])


@forms
def test_at_the_nodes_it_is_exact(form: str) -> None:
    nodes = make_nodes(Polynomial(images=100))
    assert torch.equal(BASES[form](nodes, nodes), torch.eye(100, dtype=torch.float64))


@settings(deadline=None)
@given(
    coefficients=st.lists(st.floats(-2, 2), min_size=1, max_size=6),
    z=st.floats(-BALL, BALL),
    nodes=st.sampled_from(["equispaced", "chebyshev", "normal_quantiles"]),
    form=st.sampled_from(sorted(BASES)),
)
def test_a_polynomial_of_no_higher_degree_comes_out_as_it_is(
    coefficients: list[float], z: float, nodes: Any, form: str
) -> None:
    def polynomial(at: Tensor) -> Tensor:
        return sum((c * at**power for power, c in enumerate(coefficients)), torch.zeros_like(at))

    points = make_nodes(Polynomial(images=6, nodes=nodes))
    at = torch.tensor([z], dtype=torch.float64)
    torch.testing.assert_close(BASES[form](at, points) @ polynomial(points), polynomial(at), rtol=1e-9, atol=1e-9)


def test_both_forms_are_the_same_polynomial() -> None:
    nodes = make_nodes(Polynomial(images=40, nodes="chebyshev"))
    z = torch.linspace(-BALL, BALL, 301, dtype=torch.float64)
    torch.testing.assert_close(product_basis(z, nodes), barycentric_basis(z, nodes), rtol=1e-9, atol=1e-12)


def lebesgue_constant(nodes: Tensor, points: int = 200_001) -> float:
    z = torch.linspace(-BALL, BALL, points, dtype=torch.float64)
    z = z[(z[:, None] != nodes).all(dim=1)]
    return math.exp(float(log_lebesgue(z, nodes).max()))


@pytest.mark.parametrize("n", [2, 3, 10])
def test_lebesgue_constants_of_chebyshev_nodes_have_a_closed_form(n: int) -> None:
    """(1 / n) Σ cot((2k − 1) π / 4n), at the ends of the ball."""
    expected = sum(1 / math.tan((2 * k - 1) * math.pi / (4 * n)) for k in range(1, n + 1)) / n
    assert lebesgue_constant(make_nodes(Polynomial(images=n, nodes="chebyshev"))) == pytest.approx(expected, rel=1e-9)


def test_lebesgue_constants_of_chebyshev_nodes_grow_like_the_logarithm() -> None:
    """(2 / π) (log n + γ + log 8/π) + O(1 / n²)."""
    expected = 2 / math.pi * (math.log(200) + 0.5772156649 + math.log(8 / math.pi))
    found = lebesgue_constant(make_nodes(Polynomial(images=200, nodes="chebyshev")), 2_001)
    assert found == pytest.approx(expected, rel=1e-4)


def test_lebesgue_constants_of_equispaced_nodes() -> None:
    """1 and 1.25 for a line and a parabola; 29.9 for degree 10; for large degree m about 2^(m + 1) / (e m (log m + γ)).

    Source of the latter: Schönhage (1961).
    """
    constants = {n: lebesgue_constant(make_nodes(Polynomial(images=n))) for n in (2, 3, 11)}
    assert constants == {2: pytest.approx(1), 3: pytest.approx(1.25), 11: pytest.approx(29.8981, rel=1e-4)}
    degree = 200
    expected = 2.0 ** (degree + 1) / (math.e * degree * (math.log(degree) + 0.5772156649))
    nodes = make_nodes(Polynomial(images=degree + 1))
    first_gap = torch.linspace(0, 1, 1_001, dtype=torch.float64)[1:-1] * (nodes[1] - nodes[0]) + nodes[0]
    assert math.exp(float(log_lebesgue(first_gap, nodes).max())) == pytest.approx(expected, rel=0.02)


def test_the_lebesgue_function_is_the_sum_of_the_basis() -> None:
    nodes = make_nodes(Polynomial(images=9, nodes="normal_quantiles"))
    z = torch.tensor([-2.2, 0.1, 1.7], dtype=torch.float64)
    torch.testing.assert_close(log_lebesgue(z, nodes).exp(), product_basis(z, nodes).abs().sum(dim=1))


def test_nodes() -> None:
    equispaced, chebyshev, quantiles = (
        make_nodes(Polynomial(images=4, nodes=nodes))  # type: ignore[arg-type]
        for nodes in ("equispaced", "chebyshev", "normal_quantiles")
    )
    torch.testing.assert_close(equispaced, torch.tensor([-1, -1 / 3, 1 / 3, 1], dtype=torch.float64) * BALL)
    angles = torch.tensor([7, 5, 3, 1], dtype=torch.float64) * math.pi / 8
    torch.testing.assert_close(chebyshev, BALL * angles.cos())
    masses = torch.special.ndtr(quantiles)
    torch.testing.assert_close(masses, torch.tensor([0.125, 0.375, 0.625, 0.875], dtype=torch.float64))


@forms
@pytest.mark.parametrize("arithmetic", ["float32", "float64"])
@pytest.mark.parametrize("nodes", ["equispaced", "chebyshev", "normal_quantiles"])
def test_images_are_memorised_exactly(
    nodes: Any, form: Any, arithmetic: Any, make: Callable[..., Learner], pixels: Tensor
) -> None:
    learner = make(Polynomial(images=20, nodes=nodes, form=form, arithmetic=arithmetic))
    assert learner.update(pixels[:20], None, 0) == {}
    z = learner.nodes.double()[:, None]  # type: ignore[attr-defined]
    assert torch.equal(learner.generate(z), pixels[:20].double())


def test_what_overflows_is_not_hidden(make: Callable[..., Learner], pixels: Tensor) -> None:
    learner = make(Polynomial(images=400, arithmetic="float32"))
    learner.update(pixels[:400], None, 0)
    images = learner.generate(torch.linspace(-BALL, BALL, 50)[:, None])
    assert images.dtype == torch.float32
    assert not images.isfinite().all()


def test_loaded_images_are_all_that_is_needed(make: Callable[..., Learner], pixels: Tensor) -> None:
    model = Polynomial(images=5, nodes="chebyshev")
    learner, loaded = make(model), make(model, seed=1)
    learner.update(pixels[:5], None, 0)
    loaded.load_weights(learner.weights())
    z = torch.randn(6, 1, generator=torch.Generator().manual_seed(0), requires_grad=True)
    assert torch.equal(loaded.generate(z), learner.generate(z))
    torch.testing.assert_close(loaded.generate(z[2:3]), loaded.generate(z)[2:3])
    (gradient,) = torch.autograd.grad(loaded.generate(z).square().sum(), z)
    assert bool((gradient != 0).all())
    assert learner.evaluate(pixels[:5], None) == {}


def test_the_plan_counts_the_images(make: Callable[..., Learner]) -> None:
    model = Polynomial(images=6)
    learner = make(model)
    assert (model.images_per_step, model.total_steps(learner.facts)) == (6, 1)
    assert sum(p.numel() for p in learner.networks.parameters()) == model.parameters(learner.facts) == 6 * 64
    assert model.decoder_flop(learner.facts) == 3 * 36 + 2 * 6 * 64
