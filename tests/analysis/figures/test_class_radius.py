from collections.abc import Callable

import numpy as np
import pytest

from analysis.drawing.style import figure_style, new_figure
from analysis.figures import class_radius
from analysis.results import Results
from support.pretended_results import pretended_study


def test_class_radii_are_means_over_samples(make_results: Callable[..., Results]) -> None:
    (info,) = class_radius.FIGURE.infos(make_results(radius=lambda trial: 2.0 + trial.seed))
    assert [panel.axis for panel in info.panels] == ["latent_dim", "lam", "c"]
    np.testing.assert_allclose(info.panels[0].curves[0].mean, 2.5)
    assert (info.rows["status"] == "censored").sum() == 0
    assert "all found another class" in class_radius.FIGURE.caption(info)
    assert "are censored" not in class_radius.FIGURE.caption(info)


def test_censored_samples_are_never_averaged_away(make_results: Callable[..., Results]) -> None:
    # Samples alternate between 1.1 and 0.9 times the radius; the first of 20 is censored in one of two seeds.
    results = make_results(
        radius=lambda trial: 1.0, censored=lambda trial: 1 if trial.id.startswith("wgan_gp-d2-s0") else 0
    )
    (info,) = class_radius.FIGURE.infos(results)
    gan = next(curve for curve in info.panels[0].curves if curve.arm == "wgan_gp")
    np.testing.assert_allclose(gan.censored, [0.5 / 20, 0, 0])
    # That sample counts with the largest of the others, 1.1 as well.
    np.testing.assert_allclose(gan.mean, [1, 1, 1])
    assert (info.rows["status"] == "censored").sum() == 1
    text = class_radius.FIGURE.caption(info)
    assert "1 of 720 prior samples are censored" in text
    assert "hollow" in text


def test_the_bracket_says_what_it_is_from_and_where_there_is_none(make_results: Callable[..., Results]) -> None:
    (info,) = class_radius.FIGURE.infos(make_results(radius=lambda trial: 2.0))
    lower = next(c for c in info.panels[0].curves if (c.arm, c.part) == ("wgan_gp", "lower"))
    assert lower.x == (2, 10)
    np.testing.assert_allclose(lower.mean, 1.0)
    # Six settings with a prior and two seeds at each dim(z).
    bounds = class_radius.bounds_words(info.rows)
    assert bounds == (
        "Lower bounds: proved from linear bounds of the layers for 12 models, in the median 50 % of the upper "
        "estimate, by a grid, in which a small region of a class can slip between the points, for 12 models, in the "
        "median 50 % of the upper estimate and none for 12 models (dim(z) is above 10)."
    )
    assert bounds in class_radius.FIGURE.caption(info)


@pytest.mark.slow
def test_a_trial_without_any_other_class_is_drawn_as_infinite(make_results: Callable[..., Results]) -> None:
    results = make_results(pretended_study(seeds=(0,)), censored=lambda trial: 20 if trial.arm == "vae" else 0)
    (info,) = class_radius.FIGURE.infos(results)
    vae = next(curve for curve in info.panels[0].curves if curve.arm == "vae")
    assert np.isnan(vae.mean).all()
    with figure_style():
        figure = new_figure()
        class_radius.FIGURE.draw(info, figure)
        texts = [text.get_text() for text in figure.axes[0].texts]
    assert texts == ["∞, 100 % censored"] * 3
