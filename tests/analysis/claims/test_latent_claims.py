"""Holes and interpolations of a VAE and an LC-VAE, with shares that decide each verdict."""

from collections.abc import Callable

import pytest

from analysis.claims import fewer_holes, interpolation_off_data
from analysis.results import Results
from analysis.statistics.cells import inner_share
from raysweep.study import Arm, Holes, Interpolation, LcVae, Study, Trial, Vae
from support.pretended_results import DIMS, pretended_study


def study(**lc_vae: int) -> Study:
    arms = (
        Arm(model=Vae(width=8), over={"latent_dim": DIMS}),
        Arm(model=LcVae(**{"width": 8, **lc_vae}), over={"latent_dim": DIMS}),
    )
    return pretended_study(arms=arms, measures=(Holes(), Interpolation(pairs=100, points=5)))


def share(of_lc_vae: float, noise: float = 0.01) -> Callable[[Trial, str], float]:
    """0.4 for the VAE, and that times a factor for the LC-VAE; seeds spread the other way in each."""

    def of(trial: Trial, part: str) -> float:
        ours = trial.model.family == "lc_vae"
        return 0.4 * (of_lc_vae if ours else 1.0) * (1 + noise * (-1 if ours else 1) * trial.seed)

    return of


def only(part: str, values: Callable[[Trial, str], float]) -> Callable[[Trial, str], float]:
    return lambda trial, at: values(trial, at) if at == part else 0.5


@pytest.mark.parametrize(("claim", "part"), [(fewer_holes.CLAIM, "means"), (fewer_holes.WHITENED, "whitened")])
@pytest.mark.parametrize(("factor", "verdict"), [(0.5, "supported"), (1.0, "undecided"), (2.0, "not supported")])
def test_fewer_holes_decide_by_their_own_codes(
    claim: object, part: str, factor: float, verdict: str, make_results: Callable[..., Results]
) -> None:
    results = make_results(study(), holes=only(part, share(factor, noise=0.01)))
    finding = claim.examine(results)  # type: ignore[attr-defined]
    assert finding.verdict == verdict
    assert "λ = 30, c = 0.3" in finding.statistic
    # The mean over the seeds of ln ratio: (0 + ln(1.01 / 0.99)) / 2 beside ln(1 / factor).
    assert finding.evidence[0].value == pytest.approx((1.01 / 0.99) ** 0.5 / factor, rel=1e-3)


def test_whitened_codes_and_codes_as_they_stand_may_differ(make_results: Callable[..., Results]) -> None:
    results = make_results(study(), holes=only("means", share(0.5)))
    assert fewer_holes.CLAIM.examine(results).verdict == "supported"
    assert fewer_holes.WHITENED.examine(results).verdict == "undecided"


def test_no_holes_at_all_are_no_infinite_ratio(make_results: Callable[..., Results]) -> None:
    results = make_results(study(), holes=lambda trial, part: 0.0 if trial.arm == "lc_vae" else 0.4)
    (first, *_) = fewer_holes.CLAIM.examine(results).evidence
    assert first.value == pytest.approx((4_000 + 0.5) / 0.5)


@pytest.mark.parametrize(
    ("factor", "less", "no_improvement"),
    [
        (0.5, "supported", "not supported"),
        (0.9, "supported", "supported"),
        (1.0, "undecided", "supported"),
        (2.0, "not supported", "supported"),
    ],
)
def test_both_claims_about_interpolations(
    factor: float, less: str, no_improvement: str, make_results: Callable[..., Results]
) -> None:
    results = make_results(study(), off=only("linear", share(factor, noise=0.005)))
    assert interpolation_off_data.LESS.examine(results).verdict == less
    assert interpolation_off_data.NO_IMPROVEMENT.examine(results).verdict == no_improvement


@pytest.mark.parametrize(("blend", "cautions"), [(0.04, 1), (0.06, 0)])
def test_a_distance_that_takes_blends_for_images_is_a_caution(
    blend: float, cautions: int, make_results: Callable[..., Results]
) -> None:
    # Of held-out images, 5 % are off the data.
    results = make_results(study(), off=lambda trial, part: blend if part == "blend" else 0.3)
    assert len(interpolation_off_data.LESS.examine(results).cautions) == cautions


CLAIMS = (
    fewer_holes.CLAIM,
    fewer_holes.WHITENED,
    interpolation_off_data.LESS,
    interpolation_off_data.NO_IMPROVEMENT,
)


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.title)
def test_other_differences_between_the_arms_leave_it_open(claim: object, make_results: Callable[..., Results]) -> None:
    finding = claim.examine(make_results(study(width=6)))  # type: ignore[attr-defined]
    assert finding.verdict == "undecided"
    assert "differ in width" in finding.why


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.title)
def test_without_a_plain_vae_or_any_rows_it_is_not_measured(
    claim: object, make_results: Callable[..., Results]
) -> None:
    alone = pretended_study(arms=study().arms[1:], measures=study().measures)
    assert claim.examine(make_results(alone)).verdict == "not measured"  # type: ignore[attr-defined]
    assert claim.examine(make_results(measured=frozenset())).verdict == "not measured"  # type: ignore[attr-defined]


def test_a_share_is_moved_inwards_by_half_a_count() -> None:
    assert inner_share(0.0, 9) == pytest.approx(0.05)
    assert inner_share(1.0, 9) == pytest.approx(0.95)
    assert inner_share(0.5, 1_000) == pytest.approx(0.5)
