from collections.abc import Callable

import pytest

from analysis.claims import errors_converge
from analysis.results import Results
from raysweep.study import Reconstruction, ReconstructionClassifier, Trial
from support.other_targets import gan_and_ae

MEASURES = (Reconstruction(images=20, generated=10, shard=10, latents=True), ReconstructionClassifier(images=20))


def ratio(power: float, level: float = 4.0, floor: float = 0.01) -> Callable[[Trial, str], float]:
    """The GAN's error over the AE's is level · dim(z)^power; `floor` of the GAN's is the optimiser's."""

    def mse(trial: Trial, part: str) -> float:
        dim = float(trial.latent_dim or 1)
        error = 0.1 * dim**-0.5 * (1 + 0.02 * trial.seed)
        if trial.model.family == "wgan_gp":
            error *= level * dim**power * (1 - 0.01 * trial.seed)
        return error * (floor if part == "generated" else 1)

    return mse


@pytest.mark.parametrize(
    ("power", "level", "verdict"),
    [
        (-0.3, 4.0, "supported"),
        (0.0, 2.0, "undecided"),  # both fall alike, so that only their difference does
        (0.3, 2.0, "not supported"),
        (-0.5, 2.0, "not supported"),  # they cross, and part again: 0.28 at dim(z) = 50
    ],
)
def test_errors_converge_if_their_ratio_falls_to_one(
    power: float, level: float, verdict: str, make_results: Callable[..., Results]
) -> None:
    finding = errors_converge.examine(make_results(gan_and_ae(measures=MEASURES), mse=ratio(power, level)))
    assert finding.verdict == verdict
    (_, (slope,)), (_, ratios) = finding.by_unit
    assert slope.value == pytest.approx(power, abs=1e-9)
    assert ratios[1].value == pytest.approx(level * 10**power * 0.99**0.5)


def test_a_ratio_that_falls_with_the_floor_is_the_optimisers(make_results: Callable[..., Results]) -> None:
    """Above the floor the GAN's error is twice the AE's at every dim(z)."""

    def mse(trial: Trial, part: str) -> float:
        dim = float(trial.latent_dim or 1)
        ae = 0.1 * dim**-0.5 * (1 + 0.02 * trial.seed)
        floor = 0.5 / dim
        return ae if trial.model.family == "autoencoder" else floor if part == "generated" else 2 * ae + floor

    finding = errors_converge.examine(make_results(gan_and_ae(measures=MEASURES), mse=mse))
    assert finding.verdict == "undecided"
    assert "the optimiser may be to blame" in finding.why
