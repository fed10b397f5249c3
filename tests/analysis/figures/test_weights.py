import math
from collections.abc import Callable

import numpy as np
import pytest

from analysis.drawing.style import figure_style, new_figure
from analysis.figures import weights
from analysis.figures.weights import LayerHistogram, wide_bins
from analysis.results import Results
from raysweep.study import Arm, Weights, WganGp, grid
from support.pretended_results import pretended_study

ONE_ARM = (Arm(model=WganGp(steps=400, width=8), over={"latent_dim": grid(2, 4, 6, 8, 10)}),)


def test_layers_are_trained_and_initial_side_by_side(make_results: Callable[..., Results]) -> None:
    (info,) = weights.infos(make_results(pretended_study(measures=(Weights(),)), std_ratio=lambda trial, part: 2.0))
    assert [row.label for row in info.rows] == ["WGAN-GP", "AE", "VAE", "LC-VAE (λ = 30, c = 0.3)"]
    panel = info.rows[0].panels[0]
    assert panel.label == "dim(z) = 2"
    assert [(layer.name, layer.state) for layer in panel.layers] == [
        (f"layer {number}", state) for state in ("initial", "trained") for number in (1, 2, 3)
    ]
    last = panel.layers[-1]
    # Uniform with standard deviation 2 · 0.05: a density of 1 / (2 √3 · 0.1) from −√3 · 0.1 to √3 · 0.1.
    np.testing.assert_allclose(last.density, 1 / (0.2 * math.sqrt(3)))
    assert (last.edges[0], last.edges[-1]) == pytest.approx((-0.1 * math.sqrt(3), 0.1 * math.sqrt(3)))
    assert last.reach == pytest.approx(0.1 * math.sqrt(3) * (1 - 2 * weights.TAIL))


def test_of_many_dimensions_three_are_shown(make_results: Callable[..., Results]) -> None:
    (info,) = weights.infos(make_results(pretended_study(arms=ONE_ARM, measures=(Weights(),))))
    assert [panel.label for panel in info.rows[0].panels] == ["dim(z) = 2", "dim(z) = 6", "dim(z) = 10"]


def test_bins_are_put_together_by_the_rice_rule() -> None:
    shares = np.arange(10) / 45
    edges, wide = wide_bins(-1.0, 1.0, shares, count=8)  # 2 ∛8 = 4
    np.testing.assert_allclose(edges, [-1, -0.6, 0, 0.6, 1])
    np.testing.assert_allclose(wide * 45, [0 + 1, 2 + 3 + 4, 5 + 6 + 7, 8 + 9])
    unchanged = wide_bins(-1.0, 1.0, shares, count=10**6)
    np.testing.assert_allclose(unchanged[0], np.linspace(-1, 1, 11))
    np.testing.assert_allclose(unchanged[1], shares)


def test_tails_are_beyond_the_axis() -> None:
    edges = np.array([-5.0, -1, 1, 5])
    layer = LayerHistogram("", "trained", edges, np.array([0.001, 0.998, 0.001]), 0, 1, 0)
    assert layer.reach == pytest.approx(1, abs=0.01)


def test_the_axis_tells_both_states(make_results: Callable[..., Results]) -> None:
    (info,) = weights.infos(make_results(pretended_study(arms=ONE_ARM, measures=(Weights(),))))
    with figure_style():
        figure = new_figure()
        weights.draw(info, figure)
        axes = figure.axes[0]
        low, high = axes.get_ylim()
        assert low < 0 < high
        # Densities are positive on either side.
        assert axes.yaxis.get_major_formatter()(low) == axes.yaxis.get_major_formatter()(-low)
        assert axes.get_legend().get_texts()[0].get_text() == "layer 1: D = 0.010"
