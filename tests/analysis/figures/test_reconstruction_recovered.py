from collections.abc import Callable

import numpy as np

from analysis.figures import (
    reconstruction_recovered,
)
from analysis.results import Results
from raysweep.study.measures.reconstruction import RECOVERED
from support.other_targets import MEASURE, gan_ae
from support.pretended_results import SIGNAL


def test_recovered_images_are_those_below_a_share_of_the_signal(make_results: Callable[..., Results]) -> None:
    # Errors alternate 10 % below and above the mean, so at the threshold itself half of them are below it.
    threshold = RECOVERED * SIGNAL
    scale = {2: 0.5, 10: 1.0, 50: 2.0}
    results = make_results(gan_ae(MEASURE), mse=lambda trial, part: threshold * scale[trial.latent_dim or 0])
    (info,) = reconstruction_recovered.FIGURE.infos(results)
    (curve,) = info.panels[0].curves  # the AE encodes, and has no generated images
    assert curve.arm == "wgan_gp"
    assert curve.x == (2, 10, 50)
    np.testing.assert_allclose(curve.mean, [1.0, 0.5, 0.0])
    # Every fourth of the repeated inversions ends elsewhere; where both end below the threshold, they are alike.
    alike = {curve.part: curve.mean for curve in info.contents[1].panels[0].curves}
    assert list(alike) == ["generated", "train", "validation"]
    np.testing.assert_allclose(alike["train"], [1.0, 0.75, 0.75])
    np.testing.assert_allclose(alike["generated"], [1.0, 0.7, 0.7])  # three of ten
    text = reconstruction_recovered.FIGURE.caption(info)
    assert "20 train, 20 validation and 10 generated images of each trial were inverted a second time" in text
    assert "two errors differ by at most 1 %" in text
    assert "below 0.0001 of the signal. The signal, 0.500," in text
    assert "10 generated" in text
    assert "L-BFGS on the ball (bank 30,000" in text
    once = MEASURE.model_copy(update={"repeated": 0})
    (info,) = reconstruction_recovered.FIGURE.infos(make_results(gan_ae(once)))
    assert len(info.contents) == 1
    assert "a second time" not in reconstruction_recovered.FIGURE.caption(info)
    assert not reconstruction_recovered.FIGURE.infos(make_results(gan_ae(MEASURE.model_copy(update={"generated": 0}))))
