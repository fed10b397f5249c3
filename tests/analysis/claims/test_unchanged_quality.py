from collections.abc import Callable

import pytest

from analysis.claims import unchanged_quality
from analysis.results import Results
from raysweep.study import Trial
from support.vae_pair import OF_SAMPLES, vae_and_lc_vae


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
        unchanged_quality.examine(make_results(vae_and_lc_vae(*OF_SAMPLES), distance=distance(factor, noise))).verdict
        == verdict
    )
