from collections.abc import Callable

import pytest

from analysis.claims import gaussian_weights
from analysis.results import Results
from raysweep.study import Trial, Weights
from support.pretended_results import pretended_study

STUDY = pretended_study(arms=pretended_study().arms[:2], measures=(Weights(),))


def level(value: float, noise: float = 0.01) -> Callable[[Trial, str], float]:
    """Of the GAN's trained weights, a little larger in the second seed; everything else is far off the margins."""
    return lambda trial, part: (
        value * (1 + noise * trial.seed) if (trial.arm, part) == ("wgan_gp", "trained") else 10 * value
    )


@pytest.mark.parametrize(
    ("distance", "noise", "verdict"),
    [(0.01, 0.01, "supported"), (0.02, 0.01, "undecided"), (0.04, 0.01, "not supported"), (0.018, 0.5, "undecided")],
)
def test_normal(distance: float, noise: float, verdict: str, make_results: Callable[..., Results]) -> None:
    finding = gaussian_weights.NORMAL.examine(make_results(STUDY, ks_distance=level(distance, noise)))
    assert finding.verdict == verdict
    (_, judged), (initial, others) = finding.by_unit
    assert judged[0].value == pytest.approx(distance * (1 + noise) ** 0.5)
    assert others[0].value == pytest.approx(10 * distance)
    assert "not judged" in initial
    assert any("400 steps, the paper's 80,000" in caution for caution in finding.cautions)


@pytest.mark.parametrize(("ratio", "verdict"), [(1.0, "supported"), (1.5625, "undecided"), (2.5, "not supported")])
def test_alike(ratio: float, verdict: str, make_results: Callable[..., Results]) -> None:
    finding = gaussian_weights.ALIKE.examine(make_results(STUDY, std_ratio=level(ratio)))
    assert finding.verdict == verdict
    assert finding.evidence[0].value == pytest.approx(ratio * 1.01**0.5)
    assert any("BatchNorm" in caution for caution in finding.cautions)


def test_it_takes_a_gan_with_measured_weights(make_results: Callable[..., Results]) -> None:
    for claim in (gaussian_weights.NORMAL, gaussian_weights.ALIKE):
        assert claim.examine(make_results(STUDY, measured=frozenset())).verdict == "not measured"
    without = pretended_study(arms=pretended_study().arms[1:2], measures=(Weights(),))
    assert gaussian_weights.NORMAL.examine(make_results(without)).verdict == "not measured"
