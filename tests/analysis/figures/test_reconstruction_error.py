from collections.abc import Callable

import numpy as np
import pytest

from analysis.drawing.style import figure_style, new_figure
from analysis.drawing.trade_off import lowest_shown
from analysis.figures import (
    reconstruction_error,
)
from analysis.results import Results
from raysweep.study import Reconstruction
from support.other_targets import EVERYWHERE, errors_by_part, gan_ae
from support.pretended_results import pretended_study

# Decoders that are inverted


def test_inverted_decoders_stand_beside_what_their_encoders_reach(make_results: Callable[..., Results]) -> None:
    plain = Reconstruction(images=20, generated=10, shard=10)
    decoders = plain.model_copy(update={"name": "decoders", "decoder": "invert"})
    other = decoders.model_copy(update={"name": "other", "solver": EVERYWHERE})
    results = make_results(gan_ae(plain, decoders, other), mse=errors_by_part)
    beside, alone = reconstruction_error.FIGURE.infos(results)
    assert (beside.measure, alone.measure) == ("reconstruction", "other")
    assert {(c.arm, c.part) for c in beside.panels[0].curves} == {
        *((arm, part) for arm in ("wgan_gp", "autoencoder") for part in ("train", "validation", "generated")),
        ("autoencoder", "inverted"),
    }
    assert {(c.arm, c.part) for c in alone.panels[0].curves} == {
        ("autoencoder", part) for part in ("train", "validation", "generated")
    }
    text = reconstruction_error.FIGURE.caption(beside)
    assert "the decoder is inverted as generators are" in text
    assert "AE: encoded and decoded" in text
    assert "AE: inverted by" in text
    assert "decoder is inverted" not in reconstruction_error.FIGURE.caption(alone)


def test_reconstruction_errors_are_means_over_images_then_seeds(make_results: Callable[..., Results]) -> None:
    results = make_results(
        mse=lambda trial, part: {"train": 1.0, "validation": 2.0, "generated": 0.5}[part] + trial.seed
    )
    (info,) = reconstruction_error.FIGURE.infos(results)
    gan = {curve.part: curve for curve in info.panels[0].curves if curve.arm == "wgan_gp"}
    np.testing.assert_allclose(gan["train"].mean, 1.5)
    np.testing.assert_allclose(gan["validation"].mean, 2.5)
    np.testing.assert_allclose(gan["generated"].mean, 1.0)
    np.testing.assert_allclose(gan["train"].low, 1.0)


def test_the_caption_of_reconstruction_errors_states_the_protocol(shared_results: Results) -> None:
    (info,) = reconstruction_error.FIGURE.infos(shared_results)
    text = reconstruction_error.FIGURE.caption(info)
    for words in (
        "20 train, 20 validation and 10 generated images",
        "projected Adam (steps 200, learning rate 0.05",
        "‖z‖² ≤ d + 3√(2d)",
        "401 generator passes",
        "26 % budget spent and 74 % converged",
        "optimiser's floor",
        "over 2 seeds; bands and bars are the range",
    ):
        assert words in text


def test_a_floor_of_practically_zero_does_not_squeeze_the_curves(make_results: Callable[..., Results]) -> None:
    results = make_results(mse=lambda trial, part: 1e-14 if part == "generated" else 0.5 if trial.seed else 0.3)
    (info,) = reconstruction_error.FIGURE.infos(results)
    assert lowest_shown(info.panels) == pytest.approx(0.04)
    assert "is cut off" in reconstruction_error.FIGURE.caption(info)
    with figure_style():
        figure = new_figure()
        reconstruction_error.FIGURE.draw(info, figure)
        low, high = figure.axes[0].get_ylim()
    assert low == pytest.approx(0.032)
    assert high > 0.5


def test_there_is_no_floor_without_an_inversion(make_results: Callable[..., Results]) -> None:
    (info,) = reconstruction_error.FIGURE.infos(make_results(pretended_study(arms=pretended_study().arms[1:3])))
    assert "floor" not in reconstruction_error.FIGURE.caption(info)
    assert "inverted" not in reconstruction_error.FIGURE.caption(info)
