import math
from collections.abc import Callable

import pytest

from analysis.claims import tighter_latent_space, unchanged_quality
from analysis.results import Results
from raysweep.study import Arm, ClassRadius, FrechetDistance, LcVae, Study, Trial, Vae, grid
from support.pretended_results import DIMS, pretended_study


def vae_and_lc_vae() -> Study:
    arms = (Arm(model=Vae(width=8), over={"latent_dim": DIMS}), Arm(model=LcVae(width=8), over={"latent_dim": DIMS}))
    return pretended_study(arms=arms, measures=(ClassRadius(samples=20, shard=20), FrechetDistance(samples=10)))


def radius(tight: float, noise: float = 0.01) -> Callable[[Trial], float]:
    """1 for a plain VAE (or λ = 0 with c = ∞), and less by a factor `tight` for an LC-VAE."""

    def of(trial: Trial) -> float:
        plain = getattr(trial.model, "lam", 0.0) == 0 and getattr(trial.model, "c", math.inf) == math.inf
        sign = 1 if trial.model.family == "vae" else -1
        return (1.0 if plain else tight) * (1 + noise * sign * trial.seed)

    return of


def test_a_smaller_radius_supports(make_results: Callable[..., Results]) -> None:
    finding = tighter_latent_space.examine(make_results(vae_and_lc_vae(), radius=radius(0.5, noise=0.0)))
    assert finding.verdict == "supported"
    assert [line.value for line in finding.evidence] == [pytest.approx(2)] * 3
    assert "λ = 30, c = 0.3" in finding.statistic
    assert any("scale" in caution for caution in finding.cautions)


def test_a_larger_radius_refutes(make_results: Callable[..., Results]) -> None:
    assert tighter_latent_space.examine(make_results(vae_and_lc_vae(), radius=radius(2.0))).verdict == "not supported"


def test_equal_radii_are_undecided(make_results: Callable[..., Results]) -> None:
    assert tighter_latent_space.examine(make_results(vae_and_lc_vae(), radius=radius(1.0))).verdict == "undecided"


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
        vae_and_lc_vae(),
        radius=radius(tight, noise=0.001),
        censored=lambda trial: int(trial.arm == arm and trial.latent_dim == 2),
    )
    finding = tighter_latent_space.examine(results)
    assert finding.verdict == verdict
    assert "In 2 trials" in finding.why
    assert [line.label for line in finding.evidence] == ["dim(z) = 10", "dim(z) = 50"]


def test_all_censored_is_not_measured(make_results: Callable[..., Results]) -> None:
    finding = tighter_latent_space.examine(make_results(vae_and_lc_vae(), censored=lambda trial: 20))
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


def test_other_differences_between_the_arms_leave_it_open(make_results: Callable[..., Results]) -> None:
    arms = (
        Arm(model=Vae(width=8, epochs=10), over={"latent_dim": grid(*DIMS)}),
        Arm(model=LcVae(width=6), over={"latent_dim": grid(*DIMS)}),
    )
    for claim in (tighter_latent_space, unchanged_quality):
        finding = claim.examine(make_results(pretended_study(arms=arms), radius=radius(0.5)))
        assert finding.verdict == "undecided"
        assert "differ in epochs and width" in finding.why


def test_without_a_plain_vae_it_is_not_measured(make_results: Callable[..., Results]) -> None:
    arm = Arm(model=LcVae(width=8), over={"latent_dim": grid(*DIMS)})
    results = make_results(pretended_study(arms=(arm,)))
    assert tighter_latent_space.examine(results).verdict == "not measured"
    assert unchanged_quality.examine(results).verdict == "not measured"


def distance(factor: float, noise: float = 0.01) -> Callable[[Trial, str], float]:
    return lambda trial, part: (
        20.0 * (factor if trial.model.family == "lc_vae" else 1.0) * (1 + noise * trial.seed * (trial.arm == "vae"))
    )


@pytest.mark.parametrize(
    ("factor", "noise", "verdict"),
    [
        (1.0, 0.01, "supported"),
        (1.1, 0.01, "supported"),
        (1.25, 0.01, "undecided"),
        (2.0, 0.01, "not supported"),
        (0.5, 0.01, "not supported"),
        (1.0, 0.5, "undecided"),
    ],
)
def test_unchanged_quality(factor: float, noise: float, verdict: str, make_results: Callable[..., Results]) -> None:
    assert (
        unchanged_quality.examine(make_results(vae_and_lc_vae(), distance=distance(factor, noise))).verdict == verdict
    )
