import math
from collections.abc import Callable

import numpy as np
import pytest
from scipy import stats

from analysis.drawing.style import figure_style, new_figure
from analysis.figures import (
    reconstruction_error,
    reconstruction_grid,
    reconstruction_likelihood,
    reconstruction_norms,
    reconstruction_others,
    reconstruction_overfitting,
    reconstruction_own_foreign,
    reconstruction_recovered,
    reconstruction_shifts,
)
from analysis.figures.base import AnyFigure
from analysis.numbers import numbers
from analysis.results import Results
from analysis.statistics.curves import Curve
from analysis.text.parts import in_order, part_words, shift_of
from raysweep.study import Mnist, ProjectedAdam, Reconstruction, Study, Trial
from raysweep.study.measures.reconstruction import RECOVERED
from raysweep.theory.prior import log_density_per_dim, overlap, square_per_dim
from support.pretended_results import SIGNAL, pretended_study

MEASURE = Reconstruction(images=20, generated=10, shard=10, keep=4, shifts=(1, 4), foreign=Mnist(), noise=10)
EVERYWHERE = ProjectedAdam(steps=200, feasible="everything")
LEVEL = {
    "train": 0.1,
    "validation": 0.2,
    "generated": 0.01,
    "shifted_1": 0.3,
    "shifted_4": 0.5,
    "foreign": 0.4,
    "noise": 0.6,
}


def study(*measures: Reconstruction) -> Study:
    """A GAN and an AE."""
    return pretended_study(arms=pretended_study().arms[:2], measures=measures or (MEASURE,))


def errors(trial: Trial, part: str) -> float:
    """By part, ten times less at dim(z) = 50 than at 2; 0.02 larger in the second seed."""
    scale = {2: 1.0, 10: 0.5, 50: 0.1}[trial.latent_dim or 0]
    return LEVEL[part] * scale + 0.02 * trial.seed


@pytest.fixture
def results(make_results: Callable[..., Results]) -> Results:
    return make_results(study(), mse=errors)


def test_parts_have_an_order_and_words() -> None:
    assert in_order(["noise", "shifted_12", "validation", "shifted_2", "train", "foreign", "train"]) == [
        "train",
        "shifted_2",
        "shifted_12",
        "validation",
        "foreign",
        "noise",
    ]
    assert in_order(["shifted_1", "foreign"]) == ["shifted_1", "foreign"]
    assert [part_words(part) for part in ("train", "shifted_1", "shifted_3")] == [
        "training images",
        "shifted by 1 pixel",
        "shifted by 3 pixels",
    ]
    with pytest.raises(ValueError, match="'noise' is not of training images"):
        shift_of("noise")


def test_errors_of_shifts_stand_against_the_distance(results: Results) -> None:
    (info,) = reconstruction_shifts.infos(results)
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


@pytest.mark.parametrize(
    ("figure", "part", "level"),
    [(reconstruction_others.FOREIGN, "foreign", 0.4), (reconstruction_others.NOISE, "noise", 0.6)],
)
def test_other_targets_stand_beside_training_images(
    figure: AnyFigure, part: str, level: float, results: Results
) -> None:
    (info,) = figure.infos(results)
    curves: dict[str, Curve] = {c.part: c for c in info.panels[0].curves if c.arm == "autoencoder"}
    assert set(curves) == {"train", part}
    np.testing.assert_allclose(curves[part].mean, [level + 0.01, level / 2 + 0.01, level / 10 + 0.01])
    assert ("mnist" in figure.caption(info)) == (part == "foreign")


def test_own_errors_are_paired_with_foreign_ones(results: Results) -> None:
    (info,) = reconstruction_own_foreign.infos(results)
    assert [arm.label for arm in info.arms] == ["WGAN-GP", "AE"]
    assert [pair.latent_dim for pair in info.arms[0].pairs] == [2, 10, 50]
    first = info.arms[0].pairs[0]
    assert (first.own.mean, first.own.low, first.own.high) == pytest.approx((0.21, 0.20, 0.22))
    assert first.foreign.mean == pytest.approx(0.41)


def test_other_images_have_a_grid_of_their_own(results: Results) -> None:
    (info,) = reconstruction_grid.other_infos(results)
    assert [panel.part for panel in info.panels[:4]] == ["shifted by 1 px", "shifted by 4 px", "foreign", "noise"]
    assert {panel.columns for panel in info.panels} == {("2", "10", "50")}
    assert all(panel.images == (0, 1, 2, 3) for panel in info.panels)
    (splits,) = reconstruction_grid.infos(results)
    assert {panel.part for panel in splits.panels} == {"train", "validation"}
    rows = reconstruction_grid._rows(info.panels)
    assert [[panel.label for panel in row] for row in rows] == [["WGAN-GP"] * 4, ["AE"] * 4]


def test_panels_that_no_row_holds_flow_on(make_results: Callable[..., Results]) -> None:
    many = MEASURE.model_copy(update={"shifts": (1, 2, 3, 4), "keep": 1})
    results = make_results(study(many), mse=lambda trial, part: 0.5)
    rows = reconstruction_grid._rows(reconstruction_grid.other_infos(results)[0].panels)
    assert [[panel.label for panel in row] for row in rows] == [
        ["WGAN-GP"] * 4,
        ["WGAN-GP", "WGAN-GP", "AE", "AE"],
        ["AE"] * 4,
    ]


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


def test_numbers_have_a_column_for_every_target(results: Results) -> None:
    found = numbers(results)
    assert [column.part for column in found.columns] == [
        "train",
        "validation",
        "optimiser's floor",
        "shifted by 1 px",
        "shifted by 4 px",
        "foreign",
        "noise",
        "optimiser's floor",  # the share recovered
    ]
    assert found.rows[0].numbers[5] is not None
    assert found.rows[0].numbers[5].mean == "0.410"


# Decoders that are inverted


def test_inverted_decoders_stand_beside_what_their_encoders_reach(make_results: Callable[..., Results]) -> None:
    plain = Reconstruction(images=20, generated=10, shard=10)
    decoders = plain.model_copy(update={"name": "decoders", "decoder": "invert"})
    other = decoders.model_copy(update={"name": "other", "solver": EVERYWHERE})
    results = make_results(study(plain, decoders, other), mse=errors)
    beside, alone = reconstruction_error.infos(results)
    assert (beside.measure, alone.measure) == ("reconstruction", "other")
    assert {(c.arm, c.part) for c in beside.panels[0].curves} == {
        *((arm, part) for arm in ("wgan_gp", "autoencoder") for part in ("train", "validation", "generated")),
        ("autoencoder", "inverted"),
    }
    assert {(c.arm, c.part) for c in alone.panels[0].curves} == {
        ("autoencoder", part) for part in ("train", "validation", "generated")
    }
    text = reconstruction_error.caption(beside)
    assert "the decoder is inverted as generators are" in text
    assert "AE: encoded and decoded" in text
    assert "AE: inverted by" in text
    assert "decoder is inverted" not in reconstruction_error.caption(alone)


# Norms and likelihood


@pytest.mark.parametrize("dim", [1, 3, 50])
def test_the_log_density_is_that_of_a_normal_distribution(dim: int) -> None:
    z = np.random.default_rng(dim).normal(size=dim)
    expected = stats.multivariate_normal(np.zeros(dim), np.eye(dim)).logpdf(z) / dim
    assert log_density_per_dim(float(z @ z) / dim) == pytest.approx(expected)


def test_the_band_holds_its_share_of_the_prior() -> None:
    squares = (np.random.default_rng(0).normal(size=(20_000, 10)) ** 2).mean(axis=1)
    low, high = square_per_dim(10)
    assert np.mean((low < squares) & (squares < high)) == pytest.approx(0.95, abs=5 * math.sqrt(0.95 * 0.05 / 20_000))


def test_the_overlap_is_one_for_the_prior_and_nothing_far_from_it() -> None:
    stream = np.random.default_rng(0)
    for dim in (2, 30, 500):
        norms = np.linalg.norm(stream.normal(size=(10_000, dim)), axis=1)
        assert 0.97 < overlap(norms, dim) <= 1
        assert overlap(norms + 10, dim) == pytest.approx(0, abs=1e-6)


def test_an_overlap_by_hand() -> None:
    # All norms in one bin: what they share with the prior is the prior's mass in it.
    inside = stats.chi(3).cdf(1.5) - stats.chi(3).cdf(1.25)
    assert overlap(np.full(100, 1.4), 3) == pytest.approx(inside)


def test_norms_found_without_a_constraint(make_results: Callable[..., Results]) -> None:
    free = MEASURE.model_copy(update={"name": "free", "solver": EVERYWHERE})
    results = make_results(study(MEASURE, free), mse=errors, norm=lambda trial, part: 3.1 if part == "train" else 50.0)
    (info,) = reconstruction_norms.infos(results)
    assert info.measure == "free"
    assert [(panel.arm, panel.latent_dim) for panel in info.panels] == [
        ("WGAN-GP", 2),
        ("WGAN-GP", 10),
        ("WGAN-GP", 50),
    ]
    train, validation = info.panels[1].parts
    assert (train.part, validation.part) == ("train", "validation")
    assert len(train.norms) == 40  # twenty images of two seeds
    assert train.overlap.mean == pytest.approx(stats.chi(10).cdf(3.25) - stats.chi(10).cdf(3.0))
    assert validation.overlap.mean == pytest.approx(0, abs=1e-9)
    assert "no constraint on z" in reconstruction_norms.caption(info)


def test_likelihoods_are_of_latents_with_a_prior(make_results: Callable[..., Results]) -> None:
    arms = pretended_study().arms[:3]  # a GAN, an AE, whose codes have no prior, and a VAE
    whole = pretended_study(arms=arms, measures=(MEASURE,))
    level = {"train": 1.0, "validation": 2.0, "generated": 1.5, "foreign": 3.0, "noise": 0.5}
    results = make_results(
        whole, mse=errors, norm=lambda trial, part: level.get(part, 9.0) * math.sqrt(trial.latent_dim or 0)
    )
    (info,) = reconstruction_likelihood.infos(results)
    assert [panel.label for panel in info.panels] == ["WGAN-GP", "VAE"]
    gan = {line.label: line for line in info.panels[0].lines}
    assert list(gan) == ["training images", "validation images", "generated images", "foreign images", "uniform noise"]
    np.testing.assert_allclose(gan["foreign images"].mean, 9.0)
    np.testing.assert_allclose(gan["uniform noise"].mean, 0.25)
    assert gan["training images"].x.tolist() == [2, 10, 50]
    assert "generated images" not in {line.label for line in info.panels[1].lines}
    assert info.dims == (2, 10, 50)


def test_inverted_decoders_have_likelihoods(make_results: Callable[..., Results]) -> None:
    decoders = MEASURE.model_copy(update={"decoder": "invert"})
    results = make_results(study(decoders), mse=errors)
    (info,) = reconstruction_likelihood.infos(results)
    assert [panel.label for panel in info.panels] == ["AE"]


def test_overfitting_is_a_gap_of_medians_and_a_test(make_results: Callable[..., Results]) -> None:
    # Errors alternate 10 % below and above the mean, so the median of an even number of them is the mean.
    means = {"train": 0.1, "validation": 0.4, "generated": 0.01}
    plain = Reconstruction(images=20, generated=10, shard=10)
    (info,) = reconstruction_overfitting.infos(make_results(study(plain), mse=lambda trial, part: means[part]))
    gan, ae = info.arms
    assert gan.tests[0].medians == pytest.approx(means)
    assert set(ae.medians) == {"train", "validation"}
    np.testing.assert_allclose(gan.gaps.mean, 0.75)  # (0.4 − 0.1) / 0.4
    # Twenty errors against twenty larger ones: the largest distance, whose p-value is 2 / C(40, 20).
    assert gan.tests[0].p_value == pytest.approx(2 / math.comb(40, 20))
    text = reconstruction_overfitting.caption(info)
    assert "they see overfitting: 12 of 12 trials" in text
    assert "a trial of 40 images" in text


def test_equal_errors_show_no_overfitting(make_results: Callable[..., Results]) -> None:
    (info,) = reconstruction_overfitting.infos(make_results(study(MEASURE), mse=lambda trial, part: 0.3))
    np.testing.assert_allclose(info.arms[0].gaps.mean, 0.0)
    assert {test.p_value for arm in info.arms for test in arm.tests} == {1.0}


def test_recovered_images_are_those_below_a_share_of_the_signal(make_results: Callable[..., Results]) -> None:
    # Errors alternate 10 % below and above the mean, so at the threshold itself half of them are below it.
    threshold = RECOVERED * SIGNAL
    scale = {2: 0.5, 10: 1.0, 50: 2.0}
    results = make_results(study(MEASURE), mse=lambda trial, part: threshold * scale[trial.latent_dim or 0])
    (info,) = reconstruction_recovered.infos(results)
    (curve,) = info.panels[0].curves  # the AE encodes, and has no generated images
    assert curve.arm == "wgan_gp"
    assert curve.x == (2, 10, 50)
    np.testing.assert_allclose(curve.mean, [1.0, 0.5, 0.0])
    # Every fourth of the repeated inversions ends elsewhere; where both end below the threshold, they are alike.
    alike = {curve.part: curve.mean for curve in info.alike[0].curves}
    assert list(alike) == ["generated", "train", "validation"]
    np.testing.assert_allclose(alike["train"], [1.0, 0.75, 0.75])
    np.testing.assert_allclose(alike["generated"], [1.0, 0.7, 0.7])  # three of ten
    text = reconstruction_recovered.caption(info)
    assert "20 train, 20 validation and 10 generated images of each trial were inverted a second time" in text
    assert "two errors differ by at most 1 %" in text
    assert "below 0.0001 of the signal. The signal, 0.500," in text
    assert "10 generated" in text
    assert "L-BFGS on the ball (bank 30,000" in text
    once = MEASURE.model_copy(update={"repeated": 0})
    (info,) = reconstruction_recovered.infos(make_results(study(once)))
    assert not info.alike
    assert "a second time" not in reconstruction_recovered.caption(info)
    assert not reconstruction_recovered.infos(make_results(study(MEASURE.model_copy(update={"generated": 0}))))


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
    (info,) = figure.infos(make_results(study(free), mse=errors))
    with figure_style():
        drawn = new_figure()
        figure.draw(info, drawn)
        drawn.draw_without_rendering()
    assert drawn.axes
