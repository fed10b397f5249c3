from collections.abc import Callable

import pytest

from analysis.claims import interpolation_off_data
from analysis.results import Results
from support.vae_pair import OF_CODES, only, share, vae_and_lc_vae


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
    results = make_results(vae_and_lc_vae(*OF_CODES), off=only("linear", share(factor, noise=0.005)))
    assert interpolation_off_data.LESS.examine(results).verdict == less
    assert interpolation_off_data.NO_IMPROVEMENT.examine(results).verdict == no_improvement


@pytest.mark.parametrize(("blend", "cautions"), [(0.04, 1), (0.06, 0)])
def test_a_distance_that_takes_blends_for_images_is_a_caution(
    blend: float, cautions: int, make_results: Callable[..., Results]
) -> None:
    # Of held-out images, 5 % are off the data.
    results = make_results(vae_and_lc_vae(*OF_CODES), off=lambda trial, part: blend if part == "blend" else 0.3)
    assert len(interpolation_off_data.LESS.examine(results).cautions) == cautions
