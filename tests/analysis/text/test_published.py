from collections.abc import Callable

import pytest

from analysis.drawing.style import figure_style, new_figure
from analysis.figures import frechet_distance
from analysis.results import Results
from analysis.text.published import load_published, marks, matching
from raysweep.results.tables import measure_tables
from raysweep.study import Arm, Digits, FrechetDistance, Gan, KernelDistance, LeNet, Mnist, Study, WganGp, grid
from raysweep.study.models import LatentSettings
from support.pretended_results import pretended_study

LUCIC = {"features": "inception", "samples": 10_000, "reference": "validation"}


def mnist(model: LatentSettings | None = None, data: object = None, **measure: object) -> Study:
    arm = Arm(model=model or WganGp(width=8), over={"latent_dim": grid(2, 10, 50)})
    settings = FrechetDistance.model_validate({**LUCIC, **measure})
    return pretended_study(seeds=(0,), data=data or Mnist(), arms=(arm,), measures=(settings,), classifier=LeNet())


def labels(results: Results) -> list[str]:
    return [row.label for row in matching(results, results.study.measures[0])]


def test_every_number_names_a_metric_and_a_source_that_was_read() -> None:
    rows = load_published()
    assert len(rows) > 10
    for row in rows:
        assert row.metric in measure_tables()
        assert row.value > 0
        assert row.verified
        assert row.authors != row.source


def test_the_same_protocol_matches(make_results: Callable[..., Results]) -> None:
    assert labels(make_results(mnist())) == ["WGAN-GP"]


def test_the_families_of_the_study_are_shown(make_results: Callable[..., Results]) -> None:
    assert labels(make_results(mnist(Gan(width=8)), distance=lambda trial, part: 1.0)) == ["NS GAN"]


@pytest.mark.parametrize(
    "other",
    [
        {"data": Digits()},
        {"data": Mnist(limit=10_000)},
        {"features": "lenet"},
        {"samples": 5_000},
        {"reference": "train"},
        {"reference_images": 5_000},
    ],
    ids=lambda other: next(iter(other)),
)
def test_another_protocol_matches_nothing(other: dict[str, object], make_results: Callable[..., Results]) -> None:
    assert labels(make_results(mnist(**other))) == []


def test_another_metric_matches_nothing(make_results: Callable[..., Results]) -> None:
    study = mnist().model_copy(update={"measures": (KernelDistance.model_validate(LUCIC),)})
    assert labels(make_results(study)) == []


def test_matches_are_drawn_beside_the_curves(make_results: Callable[..., Results]) -> None:
    results = make_results(mnist())
    (mark,) = marks(results, results.study.measures[0])
    assert (mark.latent_dim, mark.value, mark.words) == (64, 20.3, "WGAN-GP, Lucic et al. (2018)")
    (info,) = frechet_distance.FIGURE.infos(results)
    assert "WGAN-GP, Lucic et al. (2018)" in frechet_distance.FIGURE.caption(info)
    with figure_style():
        figure = new_figure()
        frechet_distance.FIGURE.draw(info, figure)
        axes = figure.axes[0]
        assert [64.0, 20.3] in [[*line.get_xdata(), *line.get_ydata()] for line in axes.lines if len(line.get_xdata())]
        assert axes.get_xlim()[1] > 64  # the study goes to 50 only
        assert axes.get_ylim()[1] > 20.3
