import math
from collections.abc import Callable

import pytest

from analysis.drawing.style import figure_style, new_figure
from analysis.figures import (
    FIGURES,
    holes,
    interpolation_paths,
    latent_plane,
    omega,
    reconstruction_grid,
    reconstruction_likelihood,
    reconstruction_norms,
    reconstruction_others,
    reconstruction_overfitting,
    reconstruction_own_foreign,
    reconstruction_recovered,
    reconstruction_shifts,
    sample_grid,
)
from analysis.figures.base import AnyFigure
from analysis.results import Results
from raysweep.study import (
    Arm,
    LcVae,
    LossSurface,
    Reconstruction,
    grid,
)
from support.other_targets import EVERYWHERE, MEASURE, errors_by_part, gan_ae
from support.point_studies import gans
from support.pretended_results import pretended_study
from support.pretended_search import FINALISTS, drawn, plausible_score, with_search


def test_arms_without_several_dims_stand_side_by_side_by_their_own_axes(make_results: Callable[..., Results]) -> None:
    arm = Arm(name="clamped", model=LcVae(width=8, latent_dim=6), over={"lam": grid(0, 30), "c": grid(0.3, math.inf)})
    results = make_results(pretended_study(arms=(arm,)))
    (line,) = sample_grid.infos(results)[0].lines
    assert line.label == "clamped (dim(z) = 6)"
    assert [content.label for content in line.mosaics][:2] == ["λ = 0, c = 0.3", "λ = 0, c = ∞"]
    train, validation = reconstruction_grid.infos(results)[0].panels
    assert train.columns[0] == "λ = 0\nc = 0.3"
    assert (train.part, validation.part) == ("train", "validation")


def test_without_kept_pixels_there_is_no_grid(make_results: Callable[..., Results]) -> None:
    study = pretended_study(measures=(Reconstruction(images=20, generated=10, shard=10, keep=0),))
    results = make_results(study)
    assert reconstruction_grid.infos(results) == ()
    assert sample_grid.infos(results) == ()


def test_many_settings_take_several_lines(make_results: Callable[..., Results]) -> None:
    arm = Arm(model=LcVae(width=8), over={"lam": grid(0, 1, 10), "c": grid(0.01, 0.1, 0.3, math.inf)})
    results = make_results(pretended_study(arms=(arm,), seeds=(0,)))
    (samples,) = sample_grid.infos(results)
    assert [(len(line.mosaics), line.width) for line in samples.lines] == [(8, 8), (4, 8)]
    (reconstructions,) = reconstruction_grid.infos(results)
    assert [(panel.part, len(panel.columns)) for panel in reconstructions.panels] == [
        ("train", 8),
        ("validation", 8),
        ("train", 4),
        ("validation", 4),
    ]


@pytest.mark.parametrize("figure", [holes.FIGURE, omega.FIGURE, interpolation_paths.FIGURE, latent_plane.FIGURE])
def test_every_info_can_be_drawn(figure: object, shared_results: Results) -> None:
    (info,) = figure.infos(shared_results)  # type: ignore[attr-defined]
    with figure_style():
        drawn = new_figure()
        figure.draw(info, drawn)  # type: ignore[attr-defined]
    assert drawn.axes


def test_without_other_targets_there_is_nothing_to_show(shared_results: Results) -> None:
    for infos in (
        reconstruction_shifts.infos,
        reconstruction_others.FOREIGN.infos,
        reconstruction_others.NOISE.infos,
        reconstruction_own_foreign.infos,
        reconstruction_grid.other_infos,
        reconstruction_norms.infos,
    ):
        assert infos(shared_results) == ()


@pytest.mark.parametrize(
    "figure",
    [
        reconstruction_recovered.FIGURE,
        reconstruction_overfitting.FIGURE,
        reconstruction_shifts.FIGURE,
        reconstruction_others.FOREIGN,
        reconstruction_others.NOISE,
        reconstruction_own_foreign.FIGURE,
        reconstruction_grid.OTHERS,
        reconstruction_likelihood.FIGURE,
        reconstruction_norms.FIGURE,
    ],
    ids=lambda figure: figure.title,
)
def test_figures_are_drawn_without_a_warning(figure: AnyFigure, make_results: Callable[..., Results]) -> None:
    free = MEASURE.model_copy(update={"solver": EVERYWHERE})
    (info,) = figure.infos(make_results(gan_ae(free), mse=errors_by_part))
    with figure_style():
        drawn = new_figure()
        figure.draw(info, drawn)
        drawn.draw_without_rendering()
    assert drawn.axes


NAMES = [name for name in FIGURES if name.startswith("tuning")]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.slow
def test_figures_of_a_search_are_drawn_or_say_that_nothing_was_searched(
    shared_results: Results, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("analysis.statistics.importance.TREES", 5)
    kind = FIGURES[name]
    assert kind.infos(shared_results) == ()
    assert "no settings were searched" in kind.absent
    (info,) = kind.infos(with_search(shared_results, drawn(28), FINALISTS, plausible_score))
    with figure_style():
        kind.draw(info, new_figure())
    assert kind.caption(info)


MEASURED = (
    *pretended_study().measures,
    MEASURE.model_copy(update={"name": "other_targets"}),
    LossSurface(name="random", direction="random", samples=10, resolution=21, path=11),
)
OF_ALL_TRIALS = {"training", "schedule"}
"""What these show is not measured on a model."""


@pytest.mark.parametrize("name", sorted(FIGURES.keys() - OF_ALL_TRIALS))
def test_nothing_measured_draws_nothing(name: str, make_results: Callable[..., Results]) -> None:
    assert FIGURES[name].infos(make_results(pretended_study(measures=MEASURED), measured=frozenset())) == ()
    assert FIGURES[name].infos(make_results(gans(), measured=frozenset())) == ()
