from collections.abc import Callable

import pytest

from analysis.claims import shifted_images
from analysis.results import Results
from raysweep.study import Trial
from support.other_targets import Mse, spread, untrained_gan_and_ae

# Shifts


def shifts(small: float, large: float) -> Mse:
    """Shifted images have `small` times the error at dim(z) = 2, `large` times at 50."""

    def mse(trial: Trial, part: str) -> float:
        factor = {2: small, 50: large}.get(trial.latent_dim or 0, 1.1) if part.startswith("shifted") else 1.0
        return 0.3 * factor * (spread(trial) if part == "train" else 1.0)

    return mse


@pytest.mark.parametrize(
    ("small", "large", "verdict"),
    [
        (2.0, 1.0, "supported"),
        (2.0, 1.6, "not supported"),
        (0.5, 1.0, "not supported"),
        (1.0, 1.0, "undecided"),
        (2.0, 1.25, "undecided"),
    ],
)
def test_shifts_cost_where_the_latent_space_is_small(
    small: float, large: float, verdict: str, make_results: Callable[..., Results]
) -> None:
    finding = shifted_images.examine(make_results(untrained_gan_and_ae(), mse=shifts(small, large)))
    assert finding.verdict == verdict
    assert finding.evidence[0].label == "dim(z) = 2, shifted by 1 pixel"
    assert finding.evidence[0].value == pytest.approx(small / 1.01**0.5)
    assert len(finding.evidence) == 6
