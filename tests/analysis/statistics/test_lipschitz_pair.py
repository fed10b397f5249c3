from collections.abc import Callable

import pytest

from analysis.claims import fewer_holes, interpolation_off_data, tighter_latent_space, unchanged_quality
from analysis.results import Results
from raysweep.study import Arm, LcVae, Vae, grid
from support.pretended_results import DIMS, pretended_study
from support.vae_pair import OF_CODES, OF_SAMPLES

CLAIMS = (
    fewer_holes.CLAIM,
    fewer_holes.WHITENED,
    interpolation_off_data.LESS,
    interpolation_off_data.NO_IMPROVEMENT,
    tighter_latent_space.CLAIM,
    unchanged_quality.CLAIM,
)
MEASURES = (*OF_CODES, *OF_SAMPLES)
VAE = Arm(model=Vae(width=8, epochs=10), over={"latent_dim": grid(*DIMS)})
LC_VAE = Arm(model=LcVae(width=6), over={"latent_dim": grid(*DIMS)})


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.title)
def test_other_differences_between_the_arms_leave_it_open(claim: object, make_results: Callable[..., Results]) -> None:
    results = make_results(pretended_study(arms=(VAE, LC_VAE), measures=MEASURES))
    finding = claim.examine(results)  # type: ignore[attr-defined]
    assert finding.verdict == "undecided"
    assert "differ in epochs and width" in finding.why


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.title)
def test_without_a_plain_vae_or_any_rows_it_is_not_measured(
    claim: object, make_results: Callable[..., Results]
) -> None:
    alone = make_results(pretended_study(arms=(LC_VAE,), measures=MEASURES))
    assert claim.examine(alone).verdict == "not measured"  # type: ignore[attr-defined]
    assert claim.examine(make_results(measured=frozenset())).verdict == "not measured"  # type: ignore[attr-defined]
