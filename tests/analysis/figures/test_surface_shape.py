from collections.abc import Callable

import pytest

from analysis.drawing.style import figure_style, new_figure
from analysis.figures import surface_shape
from analysis.results import Results
from analysis.statistics.curves import Panel
from raysweep.study import LossSurface
from support.pretended_results import pretended_study

SURFACES = (
    LossSurface(targets=("generated", "train"), samples=10, resolution=21, path=11),
    LossSurface(name="random", direction="random", samples=10, resolution=21, path=11),
)


def gan(panels: tuple[Panel, ...], part: str) -> list[float]:
    return next(list(c.mean) for c in panels[0].curves if (c.arm, c.part) == ("wgan_gp", part))


def test_shapes_are_means_over_surfaces_then_seeds(make_results: Callable[..., Results]) -> None:
    """Of ten surfaces three and five have a second minimum; all paths fall."""
    results = make_results(pretended_study(measures=SURFACES), rugged=lambda trial: 3 + 2 * trial.seed)
    for info in surface_shape.FIGURE.infos(results):
        assert gan(info.panels, "generated") == pytest.approx([1.4] * 3)
        assert gan(info.contents[1].panels, "generated") == [1.0] * 3
    assert "10 train and 10 generated surfaces" in surface_shape.FIGURE.caption(surface_shape.FIGURE.infos(results)[0])
    with figure_style():
        surface_shape.FIGURE.draw(info, new_figure())
