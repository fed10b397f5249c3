import math
from collections.abc import Callable

import numpy as np
import pytest

from analysis.drawing.style import figure_style, new_figure
from analysis.figures import weight_normality, weights
from analysis.figures.weights import LayerHistogram, wide_bins
from analysis.results import Results
from analysis.statistics.weights import FEWEST, NORMAL_WITHIN
from raysweep.measures.weights import ks_distance, moments
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


def means(panel: object, part: str) -> list[float]:
    return next(list(curve.mean) for curve in panel.curves if (curve.arm, curve.part) == ("wgan_gp", part))  # type: ignore[attr-defined]


def test_normality_is_of_the_worst_layer_that_can_be_judged(make_results: Callable[..., Results]) -> None:
    """The first layer has 2,000 weights; of the others, at a distance of 0.1, a hundred prove nothing."""
    results = make_results(
        pretended_study(measures=(Weights(),)),
        ks_distance=lambda trial, part: {"initial": 0.06, "trained": 0.01}[part] + 0.01 * trial.seed,
        std_ratio=lambda trial, part: {"initial": 3.0, "trained": 0.5}[part],
    )
    (info,) = weight_normality.infos(results)
    assert means(info.distances[0], "trained") == pytest.approx([0.015] * 3)
    assert means(info.distances[0], "initial") == pytest.approx([0.065] * 3)
    # Largest over smallest, whichever layer that is.
    assert means(info.spreads[0], "trained") == pytest.approx([2.0] * 3)
    assert means(info.spreads[0], "initial") == pytest.approx([3.0] * 3)
    assert "at least 1,963 weights" in weight_normality.caption(info)


def test_chance_makes_no_layer_with_enough_weights_look_abnormal() -> None:
    """95 of 100 normal samples of the least size are nearer than the margin: within four standard errors here."""
    stream = np.random.default_rng(0)
    found = []
    for _ in range(400):
        sample = np.sort(stream.normal(size=FEWEST))
        found.append(ks_distance(sample, moments(sample)) > NORMAL_WITHIN)
    assert np.mean(found) == pytest.approx(0.05, abs=4 * math.sqrt(0.05 * 0.95 / 400))


def test_small_layers_leave_the_distance_open(make_results: Callable[..., Results]) -> None:
    results = make_results(pretended_study(measures=(Weights(),)), ks_distance=lambda trial, part: math.nan)
    (info,) = weight_normality.infos(results)
    assert all(np.isnan(curve.mean).all() for curve in info.distances[0].curves)
    with figure_style():
        weight_normality.draw(info, new_figure())


@pytest.mark.parametrize("figure", [weights, weight_normality])
def test_nothing_measured_draws_nothing(figure: object, make_results: Callable[..., Results]) -> None:
    assert figure.infos(make_results(pretended_study(measures=(Weights(),)), measured=frozenset())) == ()  # type: ignore[attr-defined]
