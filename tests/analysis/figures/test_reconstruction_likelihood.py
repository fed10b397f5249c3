import math
from collections.abc import Callable

import numpy as np

from analysis.figures import (
    reconstruction_likelihood,
)
from analysis.results import Results
from support.other_targets import MEASURE, errors_by_part, gan_ae
from support.pretended_results import pretended_study


def test_likelihoods_are_of_latents_with_a_prior(make_results: Callable[..., Results]) -> None:
    arms = pretended_study().arms[:3]  # a GAN, an AE, whose codes have no prior, and a VAE
    whole = pretended_study(arms=arms, measures=(MEASURE,))
    level = {"train": 1.0, "validation": 2.0, "generated": 1.5, "foreign": 3.0, "noise": 0.5}
    results = make_results(
        whole, mse=errors_by_part, norm=lambda trial, part: level.get(part, 9.0) * math.sqrt(trial.latent_dim or 0)
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
    results = make_results(gan_ae(decoders), mse=errors_by_part)
    (info,) = reconstruction_likelihood.infos(results)
    assert [panel.label for panel in info.panels] == ["AE"]
