from collections.abc import Callable

import numpy as np
import pytest

from analysis.drawing.style import figure_style, new_figure
from analysis.figures import loss_surface
from analysis.results import Results
from raysweep.study import LossSurface
from support.pretended_results import pretended_study

SURFACES = (
    LossSurface(targets=("generated", "train"), samples=10, resolution=21, path=11),
    LossSurface(name="random", direction="random", samples=10, resolution=21, path=11),
)


def test_the_first_surface_of_each_kind_is_shown(make_results: Callable[..., Results]) -> None:
    results = make_results(pretended_study(measures=SURFACES), rugged=lambda trial: int(trial.latent_dim == 2))
    paper, random = loss_surface.infos(results)
    labels = [(row.label, row.part) for row in paper.rows]
    assert labels[:3] == [("WGAN-GP", "train"), ("WGAN-GP", "generated"), ("VAE", "train")]
    assert not any(label.startswith("AE") for label, _ in labels)  # which has no prior
    for panel in paper.rows[0].panels:
        minima = [(1.0, 0.0), (1.0, 1.6)] if panel.label == "dim(z) = 2" else [(1.0, 0.0)]
        assert panel.surface.minima == [pytest.approx(place) for place in minima]
    assert paper.seed == 0
    assert "β[0] = α[1]" in loss_surface.caption(paper)
    assert "what the inversion found" in loss_surface.caption(paper)
    assert "random direction" in loss_surface.caption(random)
    assert "what the inversion found" not in loss_surface.caption(random)


def test_axes_scale_and_markers_are_there(make_results: Callable[..., Results]) -> None:
    """What the reviewers missed: labelled axes, a scale, and markers that are seen on any background."""
    study = pretended_study(measures=SURFACES[1:])
    (info,) = loss_surface.infos(make_results(study, rugged=lambda trial: 10))
    with figure_style():
        figure = new_figure()
        loss_surface.draw(info, figure)
        surfaces = [axes for axes in figure.axes if axes.get_xlabel() == "a"]
        assert len(surfaces) == sum(len(row.panels) for row in info.rows)
        assert surfaces[0].get_ylabel().endswith("b")
        bars = [axes for axes in figure.axes if axes not in surfaces]
        assert len(bars) == len(surfaces)
        assert sum(axes.get_ylabel() == "squared error per pixel value" for axes in bars) == len(info.rows)
        markers = {line.get_marker(): line for line in surfaces[0].lines if line.get_marker() != "None"}
        places = {symbol: tuple(np.ravel(line.get_xydata())) for symbol, line in markers.items()}
        assert places == {"o": (0, 0), "*": (1, 0), "X": pytest.approx((1, 1.6))}
        for line in markers.values():
            assert line.get_markeredgecolor() != line.get_markerfacecolor()
