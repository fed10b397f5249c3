from collections.abc import Callable

import numpy as np
import pytest

from analysis.drawing.style import figure_style, new_figure
from analysis.drawing.trade_off import Level
from analysis.figures import birthday_test, frechet_distance, kernel_distance, memorisation, precision_recall
from analysis.results import Results
from analysis.statistics.curves import Panel
from raysweep.study import FrechetDistance
from support.pretended_results import pretended_study


def gan(panels: tuple[Panel, ...]) -> np.ndarray:
    return next(curve.mean for curve in panels[0].curves if curve.arm == "wgan_gp" and curve.part == "samples")


def test_kernel_distances_are_means_over_seeds_and_state_their_protocol(make_results: Callable[..., Results]) -> None:
    (info,) = kernel_distance.infos(
        make_results(distance=lambda trial, part: 10.0 * (trial.latent_dim or 1) + trial.seed)
    )
    np.testing.assert_allclose(gan(info.panels), [0.0205, 0.1005, 0.5005])
    assert info.floor == Level(-0.0002, "floor: 360 validation images")
    text = kernel_distance.caption(info)
    for words in (
        "100 pairs of random subsets of 1,000 images",
        "is 0.001",
        "1,000 samples are compared with 1,437 train",
    ):
        assert words in text


def test_a_negative_floor_is_inside_the_axes(make_results: Callable[..., Results]) -> None:
    (info,) = kernel_distance.infos(make_results(distance=lambda trial, part: 0.5))
    with figure_style():
        figure = new_figure()
        kernel_distance.draw(info, figure)
        assert figure.axes[0].get_ylim()[0] < -0.0002
        assert [-0.0002, -0.0002] in [list(line.get_ydata()) for line in figure.axes[0].lines]


def test_the_four_numbers_stand_beside_those_of_held_out_images(make_results: Callable[..., Results]) -> None:
    (info,) = precision_recall.infos(make_results(pretended_study(seeds=(0,))))
    means = {name: gan(panels)[0] for name, panels in info.panels.items()}
    assert means == {"precision": 0.8, "recall": 0.6, "density": 0.9, "coverage": 0.7}
    assert {level.value for level in info.held_out.values()} == {0.95}
    text = precision_recall.caption(info)
    assert "(k = 3;" in text
    assert "(k = 5;" in text
    assert "what 360 validation images score" in text


def test_memorisation_is_a_ratio_and_a_share_in_both_spaces(make_results: Callable[..., Results]) -> None:
    (info,) = memorisation.infos(make_results(distance_ratio=lambda trial: 0.5 + trial.seed))
    assert info.spaces == ("pixels", "lenet")
    for panels in info.ratios:
        np.testing.assert_allclose(gan(panels), [1, 1, 1])
    for panels in info.shares:
        np.testing.assert_allclose(gan(panels), [(0.1 + 0.05 / 1.5) / 2] * 3)
    assert "nearest 5 % of held-out images" in memorisation.caption(info)


@pytest.mark.parametrize("arms", [slice(0, 2), slice(0, 4)], ids=["one panel", "three panels"])
def test_each_quantity_has_a_scale_of_its_own(arms: slice, make_results: Callable[..., Results]) -> None:
    """Ratios are 1.00 and 1.05 in the seeds, shares a twentieth of their inverse."""
    results = make_results(pretended_study(arms=pretended_study().arms[arms]))
    (info,) = memorisation.infos(results)
    with figure_style():
        figure = new_figure()
        memorisation.draw(info, figure)
        named = {axes.get_ylabel(): axes for axes in figure.axes if axes.get_ylabel()}
        assert len(named) == 4
        assert len(figure.axes) == 4 * len(info.ratios[0])
        for label, axes in named.items():
            low, high = axes.get_ylim()
            assert low == 0
            assert (1.0 < high < 1.5) if "ratio" in label else (0.05 < high < 0.08)


def test_support_sizes_are_means_over_the_seeds_with_duplicates(make_results: Callable[..., Results]) -> None:
    pairs = 5_000 * 4_999 / 2
    (info,) = birthday_test.infos(
        make_results(duplicates=lambda trial: 0 if trial.latent_dim == 10 or trial.seed else trial.latent_dim or 1)
    )
    np.testing.assert_allclose(gan(info.by_pairs), [pairs / 2, np.nan, pairs / 50])
    np.testing.assert_allclose(gan(info.by_batches), [1.4 * pairs / 2, np.nan, 1.4 * pairs / 50])
    (curve, *_) = (curve for curve in info.by_pairs[0].curves if curve.arm == "wgan_gp")
    np.testing.assert_allclose(curve.censored, [0.5, 1, 0.5])
    assert "has 2 duplicates and a support of 8,055 [2,230, 66,510]" in birthday_test.caption(info)


@pytest.mark.parametrize("most", [0, 1], ids=["no duplicates", "one seed without"])
@pytest.mark.slow
def test_supports_without_end_can_be_drawn(most: int, make_results: Callable[..., Results]) -> None:
    (info,) = birthday_test.infos(make_results(duplicates=lambda trial: most * trial.seed))
    with figure_style():
        figure = new_figure()
        birthday_test.draw(info, figure)
        for axes, control in zip(figure.axes, [8055] * 3 + [120**2] * 3, strict=True):
            low, high = axes.get_ylim()
            assert low < control < high


@pytest.mark.parametrize("figure", [kernel_distance, precision_recall, memorisation, birthday_test])
def test_nothing_measured_draws_nothing(figure: object, make_results: Callable[..., Results]) -> None:
    assert figure.infos(make_results(measured=frozenset())) == ()  # type: ignore[attr-defined]


def test_the_floor_of_a_validation_reference_is_of_training_images(make_results: Callable[..., Results]) -> None:
    (info,) = frechet_distance.infos(make_results(pretended_study(measures=(FrechetDistance(reference="validation"),))))
    assert info.floor.words == "floor: 360 training images"
