import math
from collections.abc import Callable

import numpy as np
import pytest

from analysis.drawing.style import figure_style, new_figure
from analysis.figures import weight_normality
from analysis.results import Results
from raysweep.study import Weights
from support.pretended_results import pretended_study


def means(panel: object, part: str) -> list[float]:
    return next(list(curve.mean) for curve in panel.curves if (curve.arm, curve.part) == ("wgan_gp", part))  # type: ignore[attr-defined]


def test_normality_is_of_the_worst_layer_that_can_be_judged(make_results: Callable[..., Results]) -> None:
    """The first layer has 2,000 weights; of the others, at a distance of 0.1, a hundred prove nothing."""
    results = make_results(
        pretended_study(measures=(Weights(),)),
        ks_distance=lambda trial, part: {"initial": 0.06, "trained": 0.01}[part] + 0.01 * trial.seed,
        std_ratio=lambda trial, part: {"initial": 3.0, "trained": 0.5}[part],
    )
    (info,) = weight_normality.FIGURE.infos(results)
    assert means(info.panels[0], "trained") == pytest.approx([0.015] * 3)
    assert means(info.panels[0], "initial") == pytest.approx([0.065] * 3)
    # Largest over smallest, whichever layer that is.
    assert means(info.contents[1].panels[0], "trained") == pytest.approx([2.0] * 3)
    assert means(info.contents[1].panels[0], "initial") == pytest.approx([3.0] * 3)
    assert "at least 1,963 weights" in weight_normality.FIGURE.caption(info)


def test_small_layers_leave_the_distance_open(make_results: Callable[..., Results]) -> None:
    results = make_results(pretended_study(measures=(Weights(),)), ks_distance=lambda trial, part: math.nan)
    (info,) = weight_normality.FIGURE.infos(results)
    assert all(np.isnan(curve.mean).all() for curve in info.panels[0].curves)
    with figure_style():
        weight_normality.FIGURE.draw(info, new_figure())
