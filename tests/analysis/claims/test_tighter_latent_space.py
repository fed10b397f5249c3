import math
from collections.abc import Callable

import pytest

from analysis.claims import tighter_latent_space
from analysis.results import Results
from raysweep.study import Arm, LcVae, grid
from support.pretended_results import DIMS, pretended_study
from support.vae_pair import OF_SAMPLES, radius, vae_and_lc_vae


def test_a_smaller_radius_supports(make_results: Callable[..., Results]) -> None:
    finding = tighter_latent_space.examine(make_results(vae_and_lc_vae(*OF_SAMPLES), radius=radius(0.5, noise=0.0)))
    assert finding.verdict == "supported"
    assert [line.value for line in finding.evidence] == [pytest.approx(2)] * 3
    assert "λ = 30, c = 0.3" in finding.statistic
    assert any("scale" in caution for caution in finding.cautions)


def test_a_larger_radius_refutes(make_results: Callable[..., Results]) -> None:
    finding = tighter_latent_space.examine(make_results(vae_and_lc_vae(*OF_SAMPLES), radius=radius(2.0)))
    assert finding.verdict == "not supported"


def test_equal_radii_are_undecided(make_results: Callable[..., Results]) -> None:
    finding = tighter_latent_space.examine(make_results(vae_and_lc_vae(*OF_SAMPLES), radius=radius(1.0)))
    assert finding.verdict == "undecided"


@pytest.mark.parametrize(
    ("arm", "tight", "verdict"),
    [
        # An infinite radius of the LC-VAE speaks against the claim, one of the VAE for it.
        ("lc_vae", 0.5, "undecided"),
        ("lc_vae", 2.0, "not supported"),
        ("vae", 0.5, "supported"),
        ("vae", 2.0, "undecided"),
    ],
)
def test_a_verdict_stands_if_censored_trials_would_confirm_it(
    arm: str, tight: float, verdict: str, make_results: Callable[..., Results]
) -> None:
    results = make_results(
        vae_and_lc_vae(*OF_SAMPLES),
        radius=radius(tight, noise=0.001),
        censored=lambda trial: int(trial.arm == arm and trial.latent_dim == 2),
    )
    finding = tighter_latent_space.examine(results)
    assert finding.verdict == verdict
    assert "In 2 trials" in finding.why
    assert [line.label for line in finding.evidence] == ["dim(z) = 10", "dim(z) = 50"]


def test_all_censored_is_not_measured(make_results: Callable[..., Results]) -> None:
    finding = tighter_latent_space.examine(make_results(vae_and_lc_vae(*OF_SAMPLES), censored=lambda trial: 20))
    assert finding.verdict == "not measured"


def test_the_papers_setting_is_preferred(make_results: Callable[..., Results]) -> None:
    finding = tighter_latent_space.examine(
        make_results(radius=lambda trial: 1.0 / (1 + getattr(trial.model, "lam", 0)))
    )
    assert "λ = 30, c = 0.3" in finding.statistic
    assert [line.value for line in finding.evidence] == [pytest.approx(31)] * 3


def test_the_arms_own_plain_setting_stands_in_for_a_vae(make_results: Callable[..., Results]) -> None:
    arm = Arm(model=LcVae(width=8), over={"latent_dim": grid(*DIMS), "lam": grid(0, 5, 40), "c": grid(0.1, math.inf)})
    finding = tighter_latent_space.examine(make_results(pretended_study(arms=(arm,)), radius=radius(0.5, noise=0.0)))
    assert finding.verdict == "supported"
    assert "λ = 40, c = 0.1" in finding.statistic
