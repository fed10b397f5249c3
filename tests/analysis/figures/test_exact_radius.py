import math
from collections.abc import Callable

import pytest

from analysis.drawing.style import arm_colours
from analysis.figures import exact_radius
from analysis.results import Results
from raysweep.study import (
    Arm,
    Grid2d,
    WganGp,
)
from support.point_studies import NEAREST, toys
from support.pretended_results import pretended_study


def test_toys_stand_beside_their_exact_radius(make_results: Callable[..., Results]) -> None:
    results = make_results(toys(), radius=lambda trial: 0.5 if trial.arm == "square" else 0.2)
    (info,) = exact_radius.infos(results)
    square, lattice = info.toys
    assert (square.label, lattice.label) == ("square", "lattice")
    assert (square.expected, lattice.expected) == (0.5, 0.2)
    assert square.estimated.tolist() == pytest.approx([0.55, 0.45] * 10)
    assert square.exact.tolist() == [0.5] * 20
    mean, low, high = square.mean
    assert mean == pytest.approx(0.5)
    # ± t(19) · s / √n, where s² = 20 · 0.05² / 19.
    assert high - mean == pytest.approx(mean - low)
    assert high - mean == pytest.approx(2.093024 * 0.05 / math.sqrt(19), rel=1e-5)
    assert square.excess == pytest.approx(0)
    assert info.colours["square"] == arm_colours(results)["square"]
    assert "at most 0.8" in exact_radius.caption(info)


def test_other_models_have_none(make_results: Callable[..., Results]) -> None:
    arms = (Arm(model=WganGp(layers="mlp", latent_dim=2)),)
    assert exact_radius.infos(make_results(pretended_study(data=Grid2d(), arms=arms, measures=(NEAREST,)))) == ()
