import math
from collections.abc import Callable

import numpy as np
from matplotlib.collections import LineCollection

from analysis.drawing.style import figure_style, new_figure
from analysis.figures import frechet_distance, reconstruction_error
from analysis.results import Results
from raysweep.study import Arm, FrechetDistance, Vae, grid
from support.pretended_results import pretended_study


def test_dims_are_on_logarithmic_axes_and_written_out(shared_results: Results) -> None:
    (info,) = reconstruction_error.FIGURE.infos(shared_results)
    with figure_style():
        figure = new_figure()
        reconstruction_error.FIGURE.draw(info, figure)
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
    (info,) = frechet_distance.FIGURE.infos(make_results(study))
    with figure_style():
        figure = new_figure()
        frechet_distance.FIGURE.draw(info, figure)
    (bars,) = [bars for bars in figure.axes[0].collections if isinstance(bars, LineCollection)][:1]
    curve = info.panels[0].curves[0]
    np.testing.assert_array_equal(bars.get_segments()[0][:, 1], [curve.low[0], curve.high[0]])
    assert curve.low[0] < curve.high[0]
    assert "; bars are " in frechet_distance.FIGURE.caption(info)


def test_crowded_dims_keep_readable_labels(make_results: Callable[..., Results]) -> None:
    dims = grid(*range(2, 40))
    (info,) = reconstruction_error.FIGURE.infos(
        make_results(pretended_study(arms=(Arm(model=Vae(width=8), over={"latent_dim": dims}),), seeds=(0,)))
    )
    with figure_style():
        figure = new_figure()
        reconstruction_error.FIGURE.draw(info, figure)
        places = np.log(figure.axes[0].get_xticks())
    assert 5 <= len(places) <= 13
    assert np.diff(places).min() >= (math.log(39) - math.log(2)) / 12 - 1e-9
