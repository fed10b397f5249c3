"""Numbers of the pretended polynomials, which double with each image, and overflow in single precision."""

import math
from collections.abc import Callable

import numpy as np
import pytest

from analysis.drawing.style import figure_style, new_figure, render
from analysis.figures import polynomial
from analysis.figures.polynomial import PolynomialCurve, PolynomialNumbers, magnitude
from analysis.results import Results
from raysweep.study import Arm, Interpolant, Polynomial, grid
from support.pretended_results import pretended_study

COUNTS = (2, 4, 6, 8, 10)


@pytest.fixture
def info(make_results: Callable[..., Results]) -> PolynomialNumbers:
    over = {
        "arithmetic": grid("float64", "float32"),
        "nodes": grid("equispaced", "chebyshev"),
        "images": grid(*COUNTS),
    }
    study = pretended_study(arms=(Arm(model=Polynomial(), over=over),), measures=(Interpolant(steps=3),), seeds=(0, 1))
    (info,) = polynomial.infos(make_results(study))
    return info


def curve(info: PolynomialNumbers, nodes: str, arithmetic: str) -> PolynomialCurve:
    (found,) = [curve for curve in info.curves if (curve.nodes, curve.arithmetic) == (nodes, arithmetic)]
    return found


def test_curves_are_medians_over_seeds(info: PolynomialNumbers) -> None:
    """Of 2ⁿ and 1.05 · 2ⁿ."""
    double = curve(info, "equispaced", "float64")
    np.testing.assert_array_equal(double.images, COUNTS)
    np.testing.assert_allclose(double.values["largest"], 1.025 * 2.0 ** np.array(COUNTS))
    np.testing.assert_allclose(double.values["pixels_outside"], np.array(COUNTS) / 100)
    np.testing.assert_allclose(double.values["log10_lebesgue"], np.array(COUNTS) * math.log10(2))
    np.testing.assert_allclose(curve(info, "chebyshev", "float64").values["largest"], 2 * 1.025)


def test_what_overflowed_stays_infinite(info: PolynomialNumbers) -> None:
    single = curve(info, "equispaced", "float32")
    assert np.isinf(single.values["largest"]).tolist() == [False, False, False, False, True]
    assert (info.trials, info.inexact) == (2 * 2 * 2 * 5, 2 * 2)  # ten images in float32, of two nodes and seeds
    assert "in 36 of 40 trials it reaches them exactly; in the others its arithmetic overflows" in polynomial.caption(
        info
    )


def test_strips_show_the_line_and_three_numbers_of_images(info: PolynomialNumbers) -> None:
    assert set(info.strips) == {"equispaced", "chebyshev"}
    assert (info.form, info.arithmetic) == ("product", "float64")
    strips = info.strips["equispaced"]
    assert [strip.label for strip in strips] == ["straight line", "n = 4", "n = 8", "n = 10"]
    assert [strip.note for strip in strips[1:]] == ["largest 16", "largest 256", "largest $10^{3}$"]
    height, width, _ = strips[0].picture.shape
    assert width == 3 * height + 2 * (height // 12)
    assert not np.array_equal(strips[0].picture, strips[1].picture)


def test_it_is_drawn_with_what_is_not_finite(info: PolynomialNumbers) -> None:
    with figure_style():
        figure = new_figure()
        polynomial.draw(info, figure)
        crosses = [
            line for axes in figure.axes for line in axes.lines if line.get_marker() == "x" and len(line.get_xdata())
        ]
        assert {float(x) for line in crosses for x in line.get_xdata()} == {10.0}
        assert render(figure)["png"][:4] == b"\x89PNG"


@pytest.mark.parametrize(
    ("value", "words"),
    [(0.5, "0.50"), (1.4142, "1.4"), (999, "999"), (4.0e6, "$10^{7}$"), (2e6, "$10^{6}$"), (math.inf, "∞")],
)
def test_magnitudes(value: float, words: str) -> None:
    assert magnitude(value) == words


def test_without_a_polynomial_there_is_nothing(shared_results: Results) -> None:
    assert polynomial.infos(shared_results) == ()
