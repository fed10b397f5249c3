from collections.abc import Callable

import numpy as np

from analysis.drawing.style import figure_style, new_figure
from analysis.figures import reconstruction_classifier
from analysis.results import Results
from raysweep.study import Reconstruction, ReconstructionClassifier, Study, Trial
from support.pretended_results import DIMS, pretended_study

ACCURACY = {2: 0.5, 10: 0.8, 50: 0.95}


def accuracy(trial: Trial, part: str) -> float:
    return (0.98 if part == "real" else ACCURACY[trial.latent_dim or 0]) - 0.02 * trial.seed


def study() -> Study:
    measures = (Reconstruction(images=20, generated=10, shard=10, latents=True), ReconstructionClassifier(images=20))
    return pretended_study(arms=pretended_study().arms[:2], measures=measures)


def test_accuracies_are_means_over_seeds_beside_that_of_real_images(make_results: Callable[..., Results]) -> None:
    (info,) = reconstruction_classifier.FIGURE.infos(make_results(study(), accuracy=accuracy))
    (panel,) = info.panels
    assert panel.values == DIMS
    assert [(curve.arm, curve.part) for curve in panel.curves] == [
        ("wgan_gp", "reconstructions"),
        ("autoencoder", "reconstructions"),
    ]
    np.testing.assert_allclose(panel.curves[0].mean, [0.49, 0.79, 0.94])
    np.testing.assert_allclose(panel.curves[0].low, [0.48, 0.78, 0.93])
    assert round(info.contents[0].levels[0].value, 12) == 0.97


def test_the_control_is_drawn_across(make_results: Callable[..., Results]) -> None:
    (info,) = reconstruction_classifier.FIGURE.infos(make_results(study(), accuracy=accuracy))
    with figure_style():
        figure = new_figure()
        reconstruction_classifier.FIGURE.draw(info, figure)
    (axes,) = figure.axes
    heights = [line.get_ydata() for line in axes.lines if len(set(np.asarray(line.get_ydata()).tolist())) == 1]
    np.testing.assert_allclose(heights, [[0.97, 0.97]])
    assert axes.get_ylim()[0] == 0


def test_the_caption_states_both_protocols(make_results: Callable[..., Results]) -> None:
    (info,) = reconstruction_classifier.FIGURE.infos(make_results(study(), accuracy=accuracy))
    text = reconstruction_classifier.FIGURE.caption(info)
    for words in (
        "these training images themselves (0.970); guessing gives 0.100",
        "learned from 20 images in 20 passes and was tested on 360 real validation images",
        "those of the measure reconstruction: 20 train, 20 validation",
        "inverted by",
        "over 2 seeds; bands are the range",
    ):
        assert words in text


def test_nothing_measured_draws_nothing(make_results: Callable[..., Results]) -> None:
    assert reconstruction_classifier.FIGURE.infos(make_results(study(), measured=frozenset())) == ()
