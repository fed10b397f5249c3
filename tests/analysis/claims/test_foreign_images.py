from collections.abc import Callable

import pytest

from analysis.claims import foreign_images
from analysis.results import Results
from raysweep.study import Trial
from support.other_targets import Mse, spread, untrained_gan_and_ae

# Another data set


def foreign(gan: float, ae: float = 2.0) -> Mse:
    """Foreign images have so many times the error of own held-out ones; training images do not count."""

    def mse(trial: Trial, part: str) -> float:
        ratio = gan if trial.model.family == "wgan_gp" else ae
        return {"foreign": 0.2 * ratio, "validation": 0.2}.get(part, 9.0) * (spread(trial) if part == "foreign" else 1)

    return mse


@pytest.mark.parametrize(("gan", "verdict"), [(0.5, "supported"), (2.0, "not supported"), (1.0, "undecided")])
def test_foreign_images_against_own_ones(gan: float, verdict: str, make_results: Callable[..., Results]) -> None:
    finding = foreign_images.examine(make_results(untrained_gan_and_ae(), mse=foreign(gan)))
    assert finding.verdict == verdict
    (_, own), (_, ae) = finding.by_unit
    assert [line.value for line in own] == [pytest.approx(1 / gan / 1.01**0.5)] * 3
    assert [line.value for line in ae] == [pytest.approx(0.5 / 1.01**0.5)] * 3
    assert "The paper trains on CelebA" in finding.cautions[0]
    assert "mnist" in finding.statistic
