from collections.abc import Callable

import numpy as np
import pytest

from analysis.drawing.style import figure_style, new_figure
from analysis.figures import birthday_test
from analysis.results import Results
from analysis.statistics.curves import Panel


def gan(panels: tuple[Panel, ...]) -> np.ndarray:
    return next(curve.mean for curve in panels[0].curves if curve.arm == "wgan_gp" and curve.part == "samples")


def test_support_sizes_are_means_over_the_seeds_with_duplicates(make_results: Callable[..., Results]) -> None:
    pairs = 5_000 * 4_999 / 2
    (info,) = birthday_test.FIGURE.infos(
        make_results(duplicates=lambda trial: 0 if trial.latent_dim == 10 or trial.seed else trial.latent_dim or 1)
    )
    np.testing.assert_allclose(gan(info.panels), [pairs / 2, np.nan, pairs / 50])
    np.testing.assert_allclose(gan(info.contents[1].panels), [1.4 * pairs / 2, np.nan, 1.4 * pairs / 50])
    (curve, *_) = (curve for curve in info.panels[0].curves if curve.arm == "wgan_gp")
    np.testing.assert_allclose(curve.censored, [0.5, 1, 0.5])
    assert "has 2 duplicates and a support of 8,055 [2,230, 66,510]" in birthday_test.FIGURE.caption(info)


@pytest.mark.parametrize("most", [0, 1], ids=["no duplicates", "one seed without"])
@pytest.mark.slow
def test_supports_without_end_can_be_drawn(most: int, make_results: Callable[..., Results]) -> None:
    (info,) = birthday_test.FIGURE.infos(make_results(duplicates=lambda trial: most * trial.seed))
    with figure_style():
        figure = new_figure()
        birthday_test.FIGURE.draw(info, figure)
        for axes, control in zip(figure.axes, [8055] * 3 + [120**2] * 3, strict=True):
            low, high = axes.get_ylim()
            assert low < control < high
