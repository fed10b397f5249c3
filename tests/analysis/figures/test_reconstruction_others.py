import numpy as np
import pytest

from analysis.figures import (
    reconstruction_others,
)
from analysis.figures.base import AnyFigure
from analysis.results import Results
from analysis.statistics.curves import Curve


@pytest.mark.parametrize(
    ("figure", "part", "level"),
    [(reconstruction_others.FOREIGN, "foreign", 0.4), (reconstruction_others.NOISE, "noise", 0.6)],
)
def test_other_targets_stand_beside_training_images(
    figure: AnyFigure, part: str, level: float, reconstructed: Results
) -> None:
    (info,) = figure.infos(reconstructed)
    curves: dict[str, Curve] = {c.part: c for c in info.panels[0].curves if c.arm == "autoencoder"}
    assert set(curves) == {"train", part}
    np.testing.assert_allclose(curves[part].mean, [level + 0.01, level / 2 + 0.01, level / 10 + 0.01])
    assert ("mnist" in figure.caption(info)) == (part == "foreign")
