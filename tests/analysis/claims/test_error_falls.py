from collections.abc import Callable

import pytest

from analysis.claims import error_falls
from analysis.results import Results
from raysweep.study import Trial
from support.other_targets import errors_of, gan_and_ae


def test_falling_errors_have_their_exponent(make_results: Callable[..., Results]) -> None:
    finding = error_falls.examine(make_results(gan_and_ae(), mse=errors_of(0.4, 0.2, power=-0.5)))
    assert finding.verdict == "supported"
    assert [(line.label, line.value) for line in finding.evidence] == [
        ("WGAN-GP", pytest.approx(-0.5)),
        ("AE", pytest.approx(-0.5)),
    ]


def test_rising_errors_refute(make_results: Callable[..., Results]) -> None:
    finding = error_falls.examine(make_results(gan_and_ae(), mse=errors_of(0.4, 0.2, power=0.5)))
    assert finding.verdict == "not supported"


def test_a_fall_of_the_floor_alone_is_the_optimisers(make_results: Callable[..., Results]) -> None:
    # Above the floor the GAN's error is 0.1 at every dim(z): only the inversion gets better.
    def mse(trial: Trial, part: str) -> float:
        dim = float(trial.latent_dim or 1)
        floor = dim**-0.5 * (1 + 0.02 * trial.seed)
        if trial.model.family == "autoencoder":
            return dim**-0.5 * (1 + 0.02 * trial.seed)
        return floor if part == "generated" else floor + 0.1

    finding = error_falls.examine(make_results(gan_and_ae(), mse=mse))
    assert finding.verdict == "undecided"
    assert "the optimiser may be to blame" in finding.why
