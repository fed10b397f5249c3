import math
from collections.abc import Callable

import pytest

from analysis.figures import mode_samples
from analysis.results import Results
from support.point_studies import captured, gans


def test_scatters_are_those_of_one_seed(make_results: Callable[..., Results]) -> None:
    (info,) = mode_samples.infos(make_results(gans(), captured=captured))
    assert info.seed == 0
    assert [(each.arm, each.label) for each in info.scatters] == [
        ("GAN", "dim(z) = 2"),
        ("GAN", "dim(z) = 10"),
        ("PacGAN2", "dim(z) = 2"),
        ("PacGAN2", "dim(z) = 10"),
    ]
    assert [each.captured for each in info.scatters] == [10, 10, 20, 20]
    assert info.scatters[2].points.tolist() == info.modes[:20].tolist()
    assert info.scatters[0].reverse_kl == pytest.approx(math.log(2.5))
    assert "first 10 to 20 samples" in mode_samples.caption(info)
