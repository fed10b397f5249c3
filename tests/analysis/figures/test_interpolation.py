from collections.abc import Callable

import numpy as np

from analysis.figures import interpolation
from analysis.results import Results


def test_paths_between_encodings_and_samples_are_apart(make_results: Callable[..., Results]) -> None:
    results = make_results(off=lambda trial, part: {"linear": 0.2, "blend": 0.6, "prior": 0.4}[part] + 0.1 * trial.seed)
    (encodings,), (samples,) = interpolation.ENCODINGS.infos(results), interpolation.SAMPLES.infos(results)
    curves = {(curve.arm, curve.part): curve.mean for curve in encodings.panels[0].curves}
    np.testing.assert_allclose(curves["autoencoder", "linear"], 0.25)
    np.testing.assert_allclose(curves["vae", "blend"], 0.65)
    assert {part for _, part in curves} == {"linear", "blend"}
    assert {curve.arm for curve in samples.panels[0].curves} == {"wgan_gp", "vae", "lc_vae"}
    np.testing.assert_allclose(samples.panels[0].curves[0].mean, 0.45)
    text = interpolation.ENCODINGS.caption(encodings)
    assert "4 paths of 5 images each" in text
    assert "the 0.95 quantile over 360 validation images" in text
    assert "Dotted: the control" in text
    assert "Dotted" not in interpolation.SAMPLES.caption(samples)
