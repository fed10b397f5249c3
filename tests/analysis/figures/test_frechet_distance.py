from collections.abc import Callable

import numpy as np

from analysis.drawing.trade_off import Level
from analysis.figures import (
    frechet_distance,
)
from analysis.results import Results
from raysweep.study import FrechetDistance
from support.pretended_results import pretended_study


def test_the_floor_of_a_validation_reference_is_of_training_images(make_results: Callable[..., Results]) -> None:
    (info,) = frechet_distance.FIGURE.infos(
        make_results(pretended_study(measures=(FrechetDistance(reference="validation"),)))
    )
    assert info.contents[0].levels[0].words == "floor: 360 training images"


def test_frechet_distances_and_their_protocol(make_results: Callable[..., Results]) -> None:
    results = make_results(distance=lambda trial, part: 10.0 * (trial.latent_dim or 1) + trial.seed)
    (info,) = frechet_distance.FIGURE.infos(results)
    samples = next(c for c in info.panels[0].curves if c.arm == "wgan_gp")
    np.testing.assert_allclose(samples.mean, [20.5, 100.5, 500.5])
    text = frechet_distance.FIGURE.caption(info)
    assert "84 features of a LeNet" in text
    assert "1,000 samples are compared with 1,437 train images" in text
    assert "360 reconstructions are compared with" in text
    assert info.contents[0].levels == (Level(1.5, "floor: 360 validation images"),)
    assert "real images (floor: 360 validation images)" in text


def test_each_measure_has_its_own_figure(make_results: Callable[..., Results]) -> None:
    measures = (FrechetDistance(samples=1000), FrechetDistance(name="fid", features="inception", samples=500))
    lenet, inception = frechet_distance.FIGURE.infos(make_results(pretended_study(measures=measures)))
    assert (lenet.measure, inception.measure) == ("frechet", "fid")
    assert "This is the FID" in frechet_distance.FIGURE.caption(inception)
    assert "FID" not in frechet_distance.FIGURE.caption(lenet)
