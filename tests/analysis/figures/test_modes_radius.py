import math
from collections.abc import Callable

import pytest

from analysis.drawing.style import figure_style, new_figure, render
from analysis.figures import modes_radius
from analysis.results import Results
from raysweep.study import (
    Modes,
)
from support.point_studies import captured, gans


def test_every_model_is_a_point_of_its_dimension(make_results: Callable[..., Results]) -> None:
    results = make_results(gans(), captured=captured, radius=lambda trial: 1 / captured(trial))
    (info,) = modes_radius.infos(results)
    assert (info.measure, info.modes) == ("modes", 25)
    assert [(panel.latent_dim, panel.quantity) for panel in info.panels] == [
        (2, "captured"),
        (2, "classes"),
        (10, "captured"),
        (10, "classes"),
    ]
    for panel in info.panels:  # equally many samples are on each captured mode, so there are as many classes
        assert panel.diversity["gan"] == pytest.approx((10, 11))
        assert panel.diversity["pacgan2"] == pytest.approx((20, 21))
        assert panel.radius["gan"] == pytest.approx((1 / 10, 1 / 11))
        assert panel.radius["pacgan2"] == pytest.approx((1 / 20, 1 / 21))
        assert panel.correlation is not None
        assert panel.correlation.value == pytest.approx(-1)
        assert panel.models == 4
    assert info.labels == {"gan": "GAN", "pacgan2": "PacGAN2"}
    text = modes_radius.caption(info)
    for words in (
        "of 25",
        "capture 20.7 by chance",
        "2,500 samples",
        "3 standard deviations",
        "the nearest mode",
        "20 prior samples a trial",
    ):
        assert words in text
    assert "infinite" not in text


def test_a_collapsed_model_has_an_infinite_radius(make_results: Callable[..., Results]) -> None:
    collapsed = {"captured": lambda trial: 1 if trial.seed else 20, "censored": lambda trial: 20 * trial.seed}
    (info,) = modes_radius.infos(make_results(gans(), radius=lambda trial: 0.3, **collapsed))
    assert info.panels[0].radius["gan"] == pytest.approx((0.3, math.inf))
    assert info.panels[0].correlation is not None
    assert info.panels[0].correlation.value == pytest.approx(-1)
    assert "Hollow points have an infinite class radius" in modes_radius.caption(info)


def test_equal_models_have_no_correlation(make_results: Callable[..., Results]) -> None:
    (info,) = modes_radius.infos(make_results(gans()))
    assert info.panels[0].correlation is None
    assert modes_radius.correlation_words(info.panels[0]) == "no correlation"


def test_without_a_radius_by_the_nearest_mode_there_is_no_figure(make_results: Callable[..., Results]) -> None:
    assert modes_radius.infos(make_results(gans(measures=(Modes(),)))) == ()


@pytest.mark.parametrize("infinite", [False, True])
@pytest.mark.slow
def test_panels_have_room(infinite: bool, make_results: Callable[..., Results]) -> None:
    """Warnings of the layout are errors here."""
    results = make_results(gans(), captured=captured, censored=lambda trial: 20 * (infinite and trial.seed))
    (info,) = modes_radius.infos(results)
    with figure_style():
        figure = new_figure()
        modes_radius.draw(info, figure)
        render(figure)
    assert all(axes.get_window_extent().width > 0.3 * figure.bbox.width for axes in figure.axes)
