from collections.abc import Callable

import pytest

from analysis.claims import fewer_holes
from analysis.results import Results
from support.vae_pair import OF_CODES, only, share, vae_and_lc_vae


@pytest.mark.parametrize(("claim", "part"), [(fewer_holes.CLAIM, "means"), (fewer_holes.WHITENED, "whitened")])
@pytest.mark.parametrize(("factor", "verdict"), [(0.5, "supported"), (1.0, "undecided"), (2.0, "not supported")])
def test_fewer_holes_decide_by_their_own_codes(
    claim: object, part: str, factor: float, verdict: str, make_results: Callable[..., Results]
) -> None:
    results = make_results(vae_and_lc_vae(*OF_CODES), holes=only(part, share(factor, noise=0.01)))
    finding = claim.examine(results)  # type: ignore[attr-defined]
    assert finding.verdict == verdict
    assert "λ = 30, c = 0.3" in finding.statistic
    # The mean over the seeds of ln ratio: (0 + ln(1.01 / 0.99)) / 2 beside ln(1 / factor).
    assert finding.evidence[0].value == pytest.approx((1.01 / 0.99) ** 0.5 / factor, rel=1e-3)


def test_whitened_codes_and_codes_as_they_stand_may_differ(make_results: Callable[..., Results]) -> None:
    results = make_results(vae_and_lc_vae(*OF_CODES), holes=only("means", share(0.5)))
    assert fewer_holes.CLAIM.examine(results).verdict == "supported"
    assert fewer_holes.WHITENED.examine(results).verdict == "undecided"


def test_no_holes_at_all_are_no_infinite_ratio(make_results: Callable[..., Results]) -> None:
    results = make_results(vae_and_lc_vae(*OF_CODES), holes=lambda trial, part: 0.0 if trial.arm == "lc_vae" else 0.4)
    (first, *_) = fewer_holes.CLAIM.examine(results).evidence
    assert first.value == pytest.approx((4_000 + 0.5) / 0.5)
