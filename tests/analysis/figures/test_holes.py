from collections.abc import Callable

import numpy as np

from analysis.figures import holes
from analysis.results import Results
from analysis.text.words import percent


def test_hole_masses_are_means_over_seeds(make_results: Callable[..., Results]) -> None:
    masses = {"means": 0.4, "posterior": 0.2, "whitened": 0.1}
    (info,) = holes.FIGURE.infos(make_results(holes=lambda trial, part: masses[part] + 0.1 * trial.seed))
    curves = {curve.part: curve for curve in info.panels[0].curves if curve.arm == "vae"}
    np.testing.assert_allclose(curves["means"].mean, 0.45)
    np.testing.assert_allclose(curves["posterior"].mean, 0.25)
    np.testing.assert_allclose(info.contents[1].panels[0].curves[0].mean, 0.15)
    assert {curve.arm for curve in info.panels[0].curves} == {"vae", "lc_vae"}
    text = holes.FIGURE.caption(info)
    assert "found from codes of 1,437 training images" in text
    assert "codes of 360 validation images" in text
    assert f"masses below {percent(1 / (0.1 * 361))} are not seen" in text
