from collections.abc import Callable

import numpy as np

from analysis.figures import precision_recall
from analysis.results import Results
from analysis.statistics.curves import Panel
from support.pretended_results import pretended_study


def gan(panels: tuple[Panel, ...]) -> np.ndarray:
    return next(curve.mean for curve in panels[0].curves if curve.arm == "wgan_gp" and curve.part == "samples")


def test_the_four_numbers_stand_beside_those_of_held_out_images(make_results: Callable[..., Results]) -> None:
    (info,) = precision_recall.FIGURE.infos(make_results(pretended_study(seeds=(0,))))
    means = {content.quantity: gan(content.panels)[0] for content in info.contents}
    assert means == {"precision": 0.8, "recall": 0.6, "density": 0.9, "coverage": 0.7}
    assert {level.value for content in info.contents for level in content.levels} == {0.95}
    text = precision_recall.FIGURE.caption(info)
    assert "(k = 3;" in text
    assert "(k = 5;" in text
    assert "what 360 validation images score" in text
