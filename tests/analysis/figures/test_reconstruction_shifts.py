import numpy as np

from analysis.figures import (
    reconstruction_shifts,
)
from analysis.results import Results


def test_errors_of_shifts_stand_against_the_distance(reconstructed: Results) -> None:
    (info,) = reconstruction_shifts.infos(reconstructed)
    assert [panel.label for panel in info.panels] == ["WGAN-GP", "AE"]
    lines = {line.label: line for line in info.panels[0].lines}
    assert list(lines) == ["dim(z) = 2", "dim(z) = 10", "dim(z) = 50"]
    assert lines["dim(z) = 50"].x.tolist() == [0, 1, 4]
    np.testing.assert_allclose(lines["dim(z) = 2"].mean, [0.11, 0.31, 0.51])
    np.testing.assert_allclose(lines["dim(z) = 2"].low, [0.10, 0.30, 0.50])
    np.testing.assert_allclose(lines["dim(z) = 50"].mean, [0.02, 0.04, 0.06])
    text = reconstruction_shifts.caption(info)
    assert "20 train, 20 shifted by 1 px, 20 shifted by 4 px, 20 validation, 10 generated" in text
    assert "border is repeated" in text
