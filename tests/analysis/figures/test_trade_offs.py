import math
from collections.abc import Callable

import numpy as np
import pytest
from matplotlib.collections import LineCollection

from analysis.drawing.style import arm_colours, figure_style, new_figure
from analysis.drawing.trade_off import Level, lowest_shown
from analysis.figures import class_radius, frechet_distance, reconstruction_error
from analysis.results import Results
from raysweep.study import Arm, FrechetDistance, Vae, grid
from support.pretended_results import pretended_study


def test_reconstruction_errors_are_means_over_images_then_seeds(make_results: Callable[..., Results]) -> None:
    results = make_results(
        mse=lambda trial, part: {"train": 1.0, "validation": 2.0, "generated": 0.5}[part] + trial.seed
    )
    (info,) = reconstruction_error.infos(results)
    gan = {curve.part: curve for curve in info.panels[0].curves if curve.arm == "wgan_gp"}
    np.testing.assert_allclose(gan["train"].mean, 1.5)
    np.testing.assert_allclose(gan["validation"].mean, 2.5)
    np.testing.assert_allclose(gan["generated"].mean, 1.0)
    np.testing.assert_allclose(gan["train"].low, 1.0)


def test_the_caption_of_reconstruction_errors_states_the_protocol(shared_results: Results) -> None:
    (info,) = reconstruction_error.infos(shared_results)
    text = reconstruction_error.caption(info)
    for words in (
        "20 train, 20 validation and 10 generated images",
        "projected Adam (steps 200, learning rate 0.05",
        "‖z‖² ≤ d + 3√(2d)",
        "401 generator passes",
        "26 % budget spent and 74 % converged",
        "optimiser's floor",
        "over 2 seeds; bands and bars are the range",
    ):
        assert words in text


def test_a_floor_of_practically_zero_does_not_squeeze_the_curves(make_results: Callable[..., Results]) -> None:
    results = make_results(mse=lambda trial, part: 1e-14 if part == "generated" else 0.5 if trial.seed else 0.3)
    (info,) = reconstruction_error.infos(results)
    assert lowest_shown(info.panels) == pytest.approx(0.04)
    assert "is cut off" in reconstruction_error.caption(info)
    with figure_style():
        figure = new_figure()
        reconstruction_error.draw(info, figure)
        low, high = figure.axes[0].get_ylim()
    assert low == pytest.approx(0.032)
    assert high > 0.5


def test_there_is_no_floor_without_an_inversion(make_results: Callable[..., Results]) -> None:
    (info,) = reconstruction_error.infos(make_results(pretended_study(arms=pretended_study().arms[1:3])))
    assert "floor" not in reconstruction_error.caption(info)
    assert "inverted" not in reconstruction_error.caption(info)


def test_frechet_distances_and_their_protocol(make_results: Callable[..., Results]) -> None:
    results = make_results(distance=lambda trial, part: 10.0 * (trial.latent_dim or 1) + trial.seed)
    (info,) = frechet_distance.infos(results)
    samples = next(c for c in info.panels[0].curves if c.arm == "wgan_gp")
    np.testing.assert_allclose(samples.mean, [20.5, 100.5, 500.5])
    text = frechet_distance.caption(info)
    assert "84 features of a LeNet" in text
    assert "1,000 samples are compared with 1,437 train images" in text
    assert "360 reconstructions are compared with" in text
    assert info.floor == Level(1.5, "floor: 360 validation images")
    assert "real images (floor: 360 validation images)" in text


def test_each_measure_has_its_own_figure(make_results: Callable[..., Results]) -> None:
    measures = (FrechetDistance(samples=1000), FrechetDistance(name="fid", features="inception", samples=500))
    lenet, inception = frechet_distance.infos(make_results(pretended_study(measures=measures)))
    assert (lenet.measure, inception.measure) == ("frechet", "fid")
    assert "This is the FID" in frechet_distance.caption(inception)
    assert "FID" not in frechet_distance.caption(lenet)


def test_class_radii_are_means_over_samples(make_results: Callable[..., Results]) -> None:
    (info,) = class_radius.infos(make_results(radius=lambda trial: 2.0 + trial.seed))
    assert [panel.axis for panel in info.panels] == ["latent_dim", "lam", "c"]
    np.testing.assert_allclose(info.panels[0].curves[0].mean, 2.5)
    assert info.censored == 0
    assert "all found another class" in class_radius.caption(info)
    assert "are censored" not in class_radius.caption(info)


def test_censored_samples_are_never_averaged_away(make_results: Callable[..., Results]) -> None:
    # Samples alternate between 1.1 and 0.9 times the radius; the first of 20 is censored in one of two seeds.
    results = make_results(
        radius=lambda trial: 1.0, censored=lambda trial: 1 if trial.id.startswith("wgan_gp-d2-s0") else 0
    )
    (info,) = class_radius.infos(results)
    gan = next(curve for curve in info.panels[0].curves if curve.arm == "wgan_gp")
    np.testing.assert_allclose(gan.censored, [0.5 / 20, 0, 0])
    # That sample counts with the largest of the others, 1.1 as well.
    np.testing.assert_allclose(gan.mean, [1, 1, 1])
    assert info.censored == 1
    text = class_radius.caption(info)
    assert "1 of 720 prior samples are censored" in text
    assert "hollow" in text


def test_the_bracket_says_what_it_is_from_and_where_there_is_none(make_results: Callable[..., Results]) -> None:
    (info,) = class_radius.infos(make_results(radius=lambda trial: 2.0))
    lower = next(c for c in info.panels[0].curves if (c.arm, c.part) == ("wgan_gp", "lower"))
    assert lower.x == (2, 10)
    np.testing.assert_allclose(lower.mean, 1.0)
    # Six settings with a prior and two seeds at each dim(z).
    assert info.bounds == (
        "Lower bounds: proved from linear bounds of the layers for 12 models, in the median 50 % of the upper "
        "estimate, by a grid, in which a small region of a class can slip between the points, for 12 models, in the "
        "median 50 % of the upper estimate and none for 12 models (dim(z) is above 10)."
    )
    assert info.bounds in class_radius.caption(info)


@pytest.mark.slow
def test_a_trial_without_any_other_class_is_drawn_as_infinite(make_results: Callable[..., Results]) -> None:
    results = make_results(pretended_study(seeds=(0,)), censored=lambda trial: 20 if trial.arm == "vae" else 0)
    (info,) = class_radius.infos(results)
    vae = next(curve for curve in info.panels[0].curves if curve.arm == "vae")
    assert np.isnan(vae.mean).all()
    with figure_style():
        figure = new_figure()
        class_radius.draw(info, figure)
        texts = [text.get_text() for text in figure.axes[0].texts]
    assert texts == ["∞, 100 % censored"] * 3


def test_dims_are_on_logarithmic_axes_and_written_out(shared_results: Results) -> None:
    (info,) = reconstruction_error.infos(shared_results)
    with figure_style():
        figure = new_figure()
        reconstruction_error.draw(info, figure)
        axes = figure.axes[0]
        assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
        assert [axes.xaxis.get_major_formatter()(at, 0) for at in axes.get_xticks()] == ["2", "10", "50"]
        dotted = [line for line in axes.lines if line.get_linestyle() == ":"]
        assert len(dotted) == 1
        low, high = figure.axes[1].get_xlim()
        assert low < 0
        assert high > 1


def test_the_interval_of_a_curve_of_one_point_is_a_bar(make_results: Callable[..., Results]) -> None:
    study = pretended_study(arms=(Arm(model=Vae(width=8)),), measures=(FrechetDistance(samples=20),))
    (info,) = frechet_distance.infos(make_results(study))
    with figure_style():
        figure = new_figure()
        frechet_distance.draw(info, figure)
    (bars,) = [bars for bars in figure.axes[0].collections if isinstance(bars, LineCollection)][:1]
    curve = info.panels[0].curves[0]
    np.testing.assert_array_equal(bars.get_segments()[0][:, 1], [curve.low[0], curve.high[0]])
    assert curve.low[0] < curve.high[0]
    assert "; bars are " in frechet_distance.caption(info)


def test_crowded_dims_keep_readable_labels(make_results: Callable[..., Results]) -> None:
    dims = grid(*range(2, 40))
    (info,) = reconstruction_error.infos(
        make_results(pretended_study(arms=(Arm(model=Vae(width=8), over={"latent_dim": dims}),), seeds=(0,)))
    )
    with figure_style():
        figure = new_figure()
        reconstruction_error.draw(info, figure)
        places = np.log(figure.axes[0].get_xticks())
    assert 5 <= len(places) <= 13
    assert np.diff(places).min() >= (math.log(39) - math.log(2)) / 12 - 1e-9


def test_arms_of_one_family_have_different_colours(make_results: Callable[..., Results]) -> None:
    arms = (Arm(model=Vae(width=8)), Arm(name="wide", model=Vae(width=16)), Arm(name="wider", model=Vae(width=32)))
    colours = arm_colours(make_results(pretended_study(arms=arms, measures=())))
    assert len(set(colours.values())) == 3
    assert colours["vae"] == "#009e73"


@pytest.mark.parametrize("figure", [reconstruction_error, frechet_distance, class_radius])
def test_nothing_measured_draws_nothing(figure: object, make_results: Callable[..., Results]) -> None:
    assert figure.infos(make_results(measured=frozenset())) == ()  # type: ignore[attr-defined]
