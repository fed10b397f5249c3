from collections.abc import Callable

import pytest

from analysis.claims import noise_images
from analysis.results import Results
from raysweep.study import Trial
from support.other_targets import spread, untrained_gan_and_ae
from support.pretended_results import DIMS

# Noise


@pytest.mark.parametrize(
    ("errors", "verdict"),
    [
        ((0.4, 0.4, 0.1), "supported"),
        ((0.4, 0.4, 0.8), "not supported"),
        ((0.4, 0.1, 0.05), "not supported"),
        ((0.4, 0.4, 0.4), "undecided"),
    ],
)
def test_noise_is_flat_up_to_the_largest_dim(
    errors: tuple[float, float, float], verdict: str, make_results: Callable[..., Results]
) -> None:
    level = dict(zip(DIMS, errors, strict=True))

    def mse(trial: Trial, part: str) -> float:
        return level[trial.latent_dim or 0] * spread(trial)

    finding = noise_images.examine(make_results(untrained_gan_and_ae(), mse=mse))
    assert finding.verdict == verdict
    (_, flat), (_, fall) = finding.by_unit
    assert [line.value for line in flat] == [
        pytest.approx((errors[0] / errors[1]) ** 0.5),
        pytest.approx((errors[1] / errors[0]) ** 0.5),
    ]
    assert fall[0].value == pytest.approx((errors[0] * errors[1]) ** 0.5 / errors[2])
