import pytest

from analysis.figures import (
    reconstruction_own_foreign,
)
from analysis.results import Results


def test_own_errors_are_paired_with_foreign_ones(reconstructed: Results) -> None:
    (info,) = reconstruction_own_foreign.infos(reconstructed)
    assert [arm.label for arm in info.arms] == ["WGAN-GP", "AE"]
    assert [pair.latent_dim for pair in info.arms[0].pairs] == [2, 10, 50]
    first = info.arms[0].pairs[0]
    assert (first.own.mean, first.own.low, first.own.high) == pytest.approx((0.21, 0.20, 0.22))
    assert first.foreign.mean == pytest.approx(0.41)
