from collections.abc import Callable

import pytest

from analysis.claims import frechet_contrast
from analysis.results import Results
from raysweep.study import FrechetDistance, Study, Trial
from support.pretended_results import pretended_study


def gan_and_ae() -> Study:
    return pretended_study(arms=pretended_study().arms[:2], measures=(FrechetDistance(samples=10),))


def distances(gan_power: float, ae_power: float, noise: float = 0.01) -> Callable[[Trial, str], float]:
    def distance(trial: Trial, part: str) -> float:
        power = gan_power if trial.model.family == "wgan_gp" else ae_power
        return 10 * float(trial.latent_dim or 1) ** power * (1 + noise * trial.seed)

    return distance


def test_flat_and_falling_supports(make_results: Callable[..., Results]) -> None:
    finding = frechet_contrast.examine(make_results(gan_and_ae(), distance=distances(0.0, -0.5)))
    assert finding.verdict == "supported"
    gan, ae = finding.by_unit
    assert [line.value for line in gan[1]] == [pytest.approx(1), pytest.approx(1), pytest.approx(1)]
    assert [line.value for line in ae[1]] == [pytest.approx(-0.5)]


def test_a_gan_that_changes_refutes(make_results: Callable[..., Results]) -> None:
    finding = frechet_contrast.examine(make_results(gan_and_ae(), distance=distances(-0.5, -0.5)))
    assert finding.verdict == "not supported"
    # Relative to the geometric mean at d = 10: (2 / 10)^-0.5, 1 and (50 / 10)^-0.5.
    assert [line.value for line in finding.by_unit[0][1]] == [
        pytest.approx(5**0.5),
        pytest.approx(1),
        pytest.approx(5**-0.5),
    ]


def test_a_gan_that_dips_in_the_middle_refutes(make_results: Callable[..., Results]) -> None:
    def distance(trial: Trial, part: str) -> float:
        if trial.model.family == "wgan_gp":
            return (4.0 if trial.latent_dim == 10 else 10.0) * (1 + 0.01 * trial.seed)
        return float(trial.latent_dim or 1) ** -0.5 * (1 + 0.01 * trial.seed)

    assert frechet_contrast.examine(make_results(gan_and_ae(), distance=distance)).verdict == "not supported"


def test_an_autoencoder_that_gets_worse_refutes(make_results: Callable[..., Results]) -> None:
    finding = frechet_contrast.examine(make_results(gan_and_ae(), distance=distances(0.0, 0.5)))
    assert finding.verdict == "not supported"
    assert "AE" in finding.why


def test_noisy_seeds_leave_it_open(make_results: Callable[..., Results]) -> None:
    assert (
        frechet_contrast.examine(make_results(gan_and_ae(), distance=distances(0.0, -0.5, noise=0.3))).verdict
        == "undecided"
    )


def test_one_dim_is_not_measured(make_results: Callable[..., Results]) -> None:
    arms = [arm.model_copy(update={"over": {"latent_dim": (10,)}}) for arm in pretended_study().arms[:2]]
    assert frechet_contrast.examine(make_results(pretended_study(arms=tuple(arms)))).verdict == "not measured"
