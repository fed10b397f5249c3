import math
from collections.abc import Callable

import numpy as np
import pytest

from analysis.drawing.style import arm_colours, figure_style, new_figure, render
from analysis.figures import class_map, exact_radius, mode_samples, modes_radius
from analysis.results import Results
from analysis.statistics.point_models import captured_by_chance, effective_classes
from raysweep.study import (
    Arm,
    ClassMap,
    ClassRadius,
    ExactRadius,
    Gan,
    Grid2d,
    LcVae,
    Modes,
    Study,
    Toy,
    Trial,
    Vae,
    WganGp,
    grid,
)
from support.pretended_results import pretended_study

NEAREST = ClassRadius(classifier="nearest_mode", samples=20, shard=20)
MAP = ClassMap(classifier="nearest_mode", resolution=5, samples=2)


def gans(**fields: object) -> Study:
    """Two arms, dim(z) 2 and 10, two seeds."""
    arms = (
        Arm(model=Gan(layers="mlp"), over={"latent_dim": grid(2, 10)}),
        Arm(name="pacgan2", model=Gan(layers="mlp", packing=2), over={"latent_dim": grid(2, 10)}),
    )
    return pretended_study(data=Grid2d(), arms=arms, **{"measures": (Modes(), NEAREST, MAP), **fields})


def toys() -> Study:
    arms = (Arm(name="square", model=Toy(generator="square")), Arm(name="lattice", model=Toy()))
    return pretended_study(data=Grid2d(), arms=arms, measures=(NEAREST, ExactRadius(), MAP))


def captured(trial: Trial) -> int:
    """10 and 11 of GANs, 20 and 21 of PacGANs."""
    return 10 * getattr(trial.model, "packing", 1) + trial.seed


def test_every_model_is_a_point_of_its_dimension(make_results: Callable[..., Results]) -> None:
    results = make_results(gans(), captured=captured, radius=lambda trial: 1 / captured(trial))
    (info,) = modes_radius.infos(results)
    assert (info.measure, info.modes) == ("modes", 25)
    assert [(panel.latent_dim, panel.quantity) for panel in info.panels] == [
        (2, "captured"),
        (2, "classes"),
        (10, "captured"),
        (10, "classes"),
    ]
    for panel in info.panels:  # equally many samples are on each captured mode, so there are as many classes
        assert panel.diversity["gan"] == pytest.approx((10, 11))
        assert panel.diversity["pacgan2"] == pytest.approx((20, 21))
        assert panel.radius["gan"] == pytest.approx((1 / 10, 1 / 11))
        assert panel.radius["pacgan2"] == pytest.approx((1 / 20, 1 / 21))
        assert panel.correlation is not None
        assert panel.correlation.value == pytest.approx(-1)
        assert panel.models == 4
    assert info.labels == {"gan": "GAN", "pacgan2": "PacGAN2"}
    text = modes_radius.caption(info)
    for words in (
        "of 25",
        "capture 20.7 by chance",
        "2,500 samples",
        "3 standard deviations",
        "the nearest mode",
        "20 prior samples a trial",
    ):
        assert words in text
    assert "infinite" not in text


def test_a_collapsed_model_has_an_infinite_radius(make_results: Callable[..., Results]) -> None:
    collapsed = {"captured": lambda trial: 1 if trial.seed else 20, "censored": lambda trial: 20 * trial.seed}
    (info,) = modes_radius.infos(make_results(gans(), radius=lambda trial: 0.3, **collapsed))
    assert info.panels[0].radius["gan"] == pytest.approx((0.3, math.inf))
    assert info.panels[0].correlation is not None
    assert info.panels[0].correlation.value == pytest.approx(-1)
    assert "Hollow points have an infinite class radius" in modes_radius.caption(info)


def test_equal_models_have_no_correlation(make_results: Callable[..., Results]) -> None:
    (info,) = modes_radius.infos(make_results(gans()))
    assert info.panels[0].correlation is None
    assert modes_radius.correlation_words(info.panels[0]) == "no correlation"


@pytest.mark.parametrize(("counts", "effective"), [([5, 0, 0], 1), ([2, 2, 2], 3), ([3, 1], 1.6)])
def test_the_effective_number_of_classes(counts: list[float], effective: float) -> None:
    assert effective_classes(counts) == pytest.approx(effective)


def test_evenly_spread_points_capture_modes_by_chance() -> None:
    """25 cells of 2 × 2 around the modes, and a disc of radius 0.15 in each."""
    stream = np.random.default_rng(0)
    captured = []
    for _ in range(400):
        points = stream.uniform(-5, 5, (500, 2))
        modes = 2 * np.round(points / 2)
        near = np.linalg.norm(points - modes, axis=1) < 0.15
        captured.append(len(np.unique(modes[near], axis=0)))
    expected = captured_by_chance(Modes(samples=500), 25)
    assert np.mean(captured) == pytest.approx(expected, abs=4.5 * np.std(captured) / 20)


def test_without_a_radius_by_the_nearest_mode_there_is_no_figure(make_results: Callable[..., Results]) -> None:
    assert modes_radius.infos(make_results(gans(measures=(Modes(),)))) == ()


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


def test_maps_are_of_planes_with_their_samples(make_results: Callable[..., Results]) -> None:
    (info,) = class_map.infos(make_results(gans()))
    assert [each.label for each in info.maps] == ["GAN\ndim(z) = 2", "PacGAN2\ndim(z) = 2"]
    first = info.maps[0]
    assert first.ticks.tolist() == [-3, -1.5, 0, 1.5, 3]
    assert first.classes.tolist() == [[0, 0, 0, 1, 1]] * 5
    assert first.values is None
    assert first.samples is not None
    assert first.samples.tolist() == [[-4, -4], [-4, -2]]
    assert first.modes is not None
    assert len(first.modes) == 25
    assert "2 samples z ~ N(0, I)" in class_map.caption(info)


def test_the_map_of_a_line_has_its_values(make_results: Callable[..., Results]) -> None:
    (info,) = class_map.infos(make_results(toys()))
    square, lattice = info.maps
    assert square.classes.tolist() == [[0, 0, 0, 1, 1]]
    assert square.values is not None
    assert len(square.values) == 5
    assert square.modes is not None
    assert square.modes.tolist() == [[0], [2]]
    assert lattice.values is None


def test_maps_of_images_have_no_samples(make_results: Callable[..., Results]) -> None:
    arms = (Arm(model=Vae(width=8), over={"latent_dim": grid(2, 10)}), Arm(model=LcVae(width=8, latent_dim=2)))
    results = make_results(pretended_study(arms=arms, measures=(ClassMap(resolution=5),)))
    (info,) = class_map.infos(results)
    assert [each.label for each in info.maps] == ["VAE\ndim(z) = 2", "LC-VAE\ndim(z) = 2"]
    assert all(each.samples is None and each.modes is None for each in info.maps)
    assert "Below" not in class_map.caption(info)
    assert "LeNet" in class_map.caption(info)


def test_classes_have_colours_of_their_own() -> None:
    colours = class_map.class_colours(49)
    assert np.array_equal(class_map.class_colours(9), colours[:9])
    apart = np.linalg.norm(colours[:, None] - colours, axis=2) + np.eye(49)
    assert apart.min() > 0.02


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


@pytest.mark.parametrize("infinite", [False, True])
@pytest.mark.slow
def test_panels_have_room(infinite: bool, make_results: Callable[..., Results]) -> None:
    """Warnings of the layout are errors here."""
    results = make_results(gans(), captured=captured, censored=lambda trial: 20 * (infinite and trial.seed))
    (info,) = modes_radius.infos(results)
    with figure_style():
        figure = new_figure()
        modes_radius.draw(info, figure)
        render(figure)
    assert all(axes.get_window_extent().width > 0.3 * figure.bbox.width for axes in figure.axes)
