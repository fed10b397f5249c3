from collections.abc import Callable

import numpy as np
import pytest

from analysis.drawing.style import figure_style, new_figure
from analysis.figures import memorisation
from analysis.results import Results
from analysis.statistics.curves import Panel
from support.pretended_results import pretended_study


def gan(panels: tuple[Panel, ...]) -> np.ndarray:
    return next(curve.mean for curve in panels[0].curves if curve.arm == "wgan_gp" and curve.part == "samples")


def test_memorisation_is_a_ratio_and_a_share_in_both_spaces(make_results: Callable[..., Results]) -> None:
    (info,) = memorisation.FIGURE.infos(make_results(distance_ratio=lambda trial: 0.5 + trial.seed))
    ratios, shares = info.contents[:2], info.contents[2:]
    assert [content.quantity.split(",\n")[1] for content in ratios] == ["pixels", "LeNet features"]
    for content in ratios:
        np.testing.assert_allclose(gan(content.panels), [1, 1, 1])
    for content in shares:
        np.testing.assert_allclose(gan(content.panels), [(0.1 + 0.05 / 1.5) / 2] * 3)
    assert "nearest 5 % of held-out images" in memorisation.FIGURE.caption(info)


@pytest.mark.parametrize("arms", [slice(0, 2), slice(0, 4)], ids=["one panel", "three panels"])
def test_each_quantity_has_a_scale_of_its_own(arms: slice, make_results: Callable[..., Results]) -> None:
    """Ratios are 1.00 and 1.05 in the seeds, shares a twentieth of their inverse."""
    results = make_results(pretended_study(arms=pretended_study().arms[arms]))
    (info,) = memorisation.FIGURE.infos(results)
    with figure_style():
        figure = new_figure()
        memorisation.FIGURE.draw(info, figure)
        named = {axes.get_ylabel(): axes for axes in figure.axes if axes.get_ylabel()}
        assert len(named) == 4
        assert len(figure.axes) == 4 * len(info.panels)
        for label, axes in named.items():
            low, high = axes.get_ylim()
            assert low == 0
            assert (1.0 < high < 1.5) if "ratio" in label else (0.05 < high < 0.08)
