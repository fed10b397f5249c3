from collections.abc import Callable

import numpy as np
import pytest

from analysis.drawing.style import figure_style, new_figure
from analysis.figures import smallest_dimension
from analysis.results import Results
from raysweep.study import Reconstruction, Trial
from support.pretended_results import DIMS, pretended_study


def error(trial: Trial, part: str) -> float:
    """1 / dim(z), in the second seed 10 % more."""
    return (1 + 0.1 * trial.seed) / (trial.latent_dim or 1)


@pytest.fixture
def info(make_results: Callable[..., Results]) -> smallest_dimension.SmallestDimensions:
    study = pretended_study()
    results = make_results(pretended_study(arms=study.arms[:2], measures=study.measures[:1]), mse=error)
    (info,) = smallest_dimension.infos(results)
    return info


def test_the_curve_of_errors_is_read_the_other_way_round(info: smallest_dimension.SmallestDimensions) -> None:
    assert [(curve.sweep.label, curve.sweep.part) for curve in info.curves] == [
        ("WGAN-GP", "train"),
        ("WGAN-GP", "validation"),
        ("AE", "train"),
        ("AE", "validation"),
    ]
    for curve in info.curves:
        assert curve.sweep.dims == DIMS
        np.testing.assert_allclose(curve.error, [1.05 / dim for dim in DIMS])
        truth = 1.05 / curve.levels
        assert (curve.low <= truth + 1e-9).all()
        assert (curve.high >= truth - 1e-9).all()
        assert (np.diff(curve.low) <= 1e-9).all()


def test_bands_end_at_the_largest_dim_tried(info: smallest_dimension.SmallestDimensions) -> None:
    assert np.isinf(info.curves[0].high[0])
    with figure_style():
        figure = new_figure()
        smallest_dimension.draw(info, figure)
    axes = figure.axes[0]
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
    assert max(path.vertices[:, 1].max() for band in axes.collections for path in band.get_paths()) == DIMS[-1]
    assert len(axes.lines) == 4


def test_the_caption_states_method_and_protocol(info: smallest_dimension.SmallestDimensions) -> None:
    text = smallest_dimension.caption(info)
    for words in ("isotonic regression", "bootstrap over images and seeds", "20 train, 20 validation", "not continued"):
        assert words in text


def test_one_seed_leaves_images_alone(make_results: Callable[..., Results]) -> None:
    study = pretended_study(
        arms=pretended_study().arms[1:2], measures=(Reconstruction(images=20, shard=10),), seeds=(0,)
    )
    (info,) = smallest_dimension.infos(make_results(study, mse=error))
    assert "bootstrap over images, cut off" in smallest_dimension.caption(info)
