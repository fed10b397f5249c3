from collections.abc import Callable

import numpy as np

from analysis.drawing.style import figure_style, new_figure
from analysis.drawing.trade_off import Level
from analysis.figures import kernel_distance
from analysis.results import Results
from analysis.statistics.curves import Panel


def gan(panels: tuple[Panel, ...]) -> np.ndarray:
    return next(curve.mean for curve in panels[0].curves if curve.arm == "wgan_gp" and curve.part == "samples")


def test_kernel_distances_are_means_over_seeds_and_state_their_protocol(make_results: Callable[..., Results]) -> None:
    (info,) = kernel_distance.FIGURE.infos(
        make_results(distance=lambda trial, part: 10.0 * (trial.latent_dim or 1) + trial.seed)
    )
    np.testing.assert_allclose(gan(info.panels), [0.0205, 0.1005, 0.5005])
    assert info.contents[0].levels == (Level(-0.0002, "floor: 360 validation images"),)
    text = kernel_distance.FIGURE.caption(info)
    for words in (
        "100 pairs of random subsets of 1,000 images",
        "is 0.001",
        "1,000 samples are compared with 1,437 train",
    ):
        assert words in text


def test_a_negative_floor_is_inside_the_axes(make_results: Callable[..., Results]) -> None:
    (info,) = kernel_distance.FIGURE.infos(make_results(distance=lambda trial, part: 0.5))
    with figure_style():
        figure = new_figure()
        kernel_distance.FIGURE.draw(info, figure)
        assert figure.axes[0].get_ylim()[0] < -0.0002
        assert [-0.0002, -0.0002] in [list(line.get_ydata()) for line in figure.axes[0].lines]
