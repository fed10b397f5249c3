from collections.abc import Callable

import pytest

from analysis.claims import (
    autoencoder_lower_bound,
    degrees_of_freedom,
    error_falls,
    errors_converge,
    foreign_images,
    large_enough_latent_space,
    noise_images,
    shifted_images,
)
from analysis.results import Results
from raysweep.study import Reconstruction, ReconstructionClassifier
from support.other_targets import MEASURE, gan_and_ae
from support.pretended_results import pretended_study


@pytest.mark.parametrize("claim", [degrees_of_freedom, shifted_images, foreign_images, noise_images])
def test_what_was_not_reconstructed_is_not_measured(claim: object, make_results: Callable[..., Results]) -> None:
    plain = Reconstruction(images=20, generated=10, shard=10)
    only_ae = pretended_study(arms=pretended_study().arms[1:2], measures=(MEASURE,))
    for results in (make_results(pretended_study(measures=(plain,))), make_results(only_ae)):
        assert claim.examine(results).verdict == "not measured"  # type: ignore[attr-defined]


@pytest.mark.parametrize("claim", [autoencoder_lower_bound, error_falls])
def test_missing_arms_or_tables_are_not_measured(claim: object, make_results: Callable[..., Results]) -> None:
    only_gan = make_results(pretended_study(arms=pretended_study().arms[:1]))
    assert claim.examine(only_gan).verdict == "not measured"  # type: ignore[attr-defined]
    without_rows = make_results(gan_and_ae(), measured=frozenset())
    assert claim.examine(without_rows).verdict == "not measured"  # type: ignore[attr-defined]


@pytest.mark.parametrize("claim", [errors_converge, large_enough_latent_space])
def test_without_a_gan_or_reconstructions_nothing_is_measured(
    claim: object, make_results: Callable[..., Results]
) -> None:
    measures = (Reconstruction(images=20, generated=10, shard=10, latents=True), ReconstructionClassifier(images=20))
    for results in (
        make_results(pretended_study(arms=pretended_study().arms[1:2], measures=measures)),
        make_results(gan_and_ae(measures=measures), measured=frozenset()),
    ):
        assert claim.examine(results).verdict == "not measured"  # type: ignore[attr-defined]
