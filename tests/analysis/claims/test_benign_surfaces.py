from collections.abc import Callable

import pytest

from analysis.claims import benign_surfaces
from analysis.results import Results
from raysweep.study import LossSurface
from support.pretended_results import pretended_study

FEW = {"resolution": 21, "path": 11}
MEASURES = (LossSurface(samples=20, **FEW), LossSurface(name="random", direction="random", samples=20, **FEW))
STUDY = pretended_study(arms=pretended_study().arms[:1], measures=MEASURES)


@pytest.mark.parametrize(
    ("rugged", "verdict"), [((0, 0), "supported"), ((0, 1), "undecided"), ((6, 7), "not supported")]
)
def test_always_means_nearly_no_surface_is_otherwise(
    rugged: tuple[int, int], verdict: str, make_results: Callable[..., Results]
) -> None:
    finding = benign_surfaces.CLAIM.examine(make_results(STUDY, rugged=lambda trial: rugged[trial.seed]))
    assert finding.verdict == verdict
    assert finding.evidence[0].seeds == pytest.approx([(count + 0.5) / 21 for count in rugged])
    assert [unit for unit, _ in finding.by_unit] == list(benign_surfaces.UNITS.values())


def test_one_dimension_is_enough_to_refute(make_results: Callable[..., Results]) -> None:
    finding = benign_surfaces.CLAIM.examine(
        make_results(STUDY, rugged=lambda trial: 15 + trial.seed if trial.latent_dim == 2 else 0)
    )
    assert finding.verdict == "not supported"
    assert "dim(z) = 2." in finding.why


def test_few_benign_surfaces_prove_nothing(make_results: Callable[..., Results]) -> None:
    study = pretended_study(arms=STUDY.arms, measures=(LossSurface(samples=5, **FEW),))
    assert benign_surfaces.CLAIM.examine(make_results(study)).verdict != "supported"


def test_it_takes_the_papers_direction_and_a_gan(make_results: Callable[..., Results]) -> None:
    for study in (
        pretended_study(arms=STUDY.arms, measures=MEASURES[1:]),
        pretended_study(arms=pretended_study().arms[2:3], measures=MEASURES),
    ):
        assert benign_surfaces.CLAIM.examine(make_results(study)).verdict == "not measured"
