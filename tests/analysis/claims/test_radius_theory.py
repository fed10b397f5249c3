from collections.abc import Callable

import pytest

from analysis.claims import radius_theory
from analysis.results import Results
from raysweep.study import Arm, ClassRadius, Gan, Grid2d, Study
from support.pretended_results import pretended_study


def study(samples: int = 100) -> Study:
    """Its prior samples fall on ten classes, as many on each."""
    measures = (ClassRadius(classifier="nearest_mode", samples=samples, shard=5),)
    return pretended_study(
        (0, 1, 2), data=Grid2d(), arms=(Arm(model=Gan(layers="mlp", latent_dim=2)),), measures=measures
    )


@pytest.mark.parametrize(("radius", "verdict"), [(0.3, "supported"), (2.0, "not supported")])
def test_a_radius_is_held_against_the_lemma(radius: float, verdict: str, make_results: Callable[..., Results]) -> None:
    results = make_results(study(), radius=lambda trial: radius + 0.01 * trial.seed)
    assert radius_theory.LEMMA.examine(results).verdict == verdict


def test_the_assumption_is_judged_by_the_largest_share(make_results: Callable[..., Results]) -> None:
    finding = radius_theory.ASSUMPTION.examine(make_results(study(), radius=lambda trial: 0.3))
    assert finding.evidence[0].value == pytest.approx(2)  # 1/5 over 1/10


def test_without_radii_nothing_is_measured(make_results: Callable[..., Results]) -> None:
    results = make_results(study(), measured=frozenset())
    assert radius_theory.LEMMA.examine(results).verdict == "not measured"
