from collections.abc import Callable

import numpy as np

from analysis.figures import omega
from analysis.results import Results


def test_stretches_are_shown_with_and_without_their_scale(make_results: Callable[..., Results]) -> None:
    (info,) = omega.FIGURE.infos(make_results(omega=lambda trial: 0.4 + 0.2 * trial.seed))
    means = {content.quantity: content.panels[0].curves[0].mean for content in info.contents}
    np.testing.assert_allclose(means["ω"], 0.5)
    np.testing.assert_allclose(means["ω / ω of\nunrelated codes"], 0.5 / 0.8 / 0.5)
    np.testing.assert_allclose(means["Lipschitz constant"], 0.4**0.5 + 0.6**0.5)
    bound = next(curve for curve in info.contents[2].panels[0].curves if curve.part == "bound")
    np.testing.assert_allclose(bound.mean, 10 * (0.4**0.5 + 0.6**0.5))
    assert "10,000 random pairs" in omega.FIGURE.caption(info)
