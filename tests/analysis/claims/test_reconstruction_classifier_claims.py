"""The two claims about MNIST: what a LeNet learns from reconstructions, and how the errors of AE and GAN compare."""

from collections.abc import Callable

import pytest

from analysis.claims import errors_converge, large_enough_latent_space
from analysis.results import Results
from raysweep.study import Reconstruction, ReconstructionClassifier, Study, Trial
from support.pretended_results import pretended_study


def study(**fields: object) -> Study:
    """A GAN and an AE."""
    measures = (Reconstruction(images=20, generated=10, shard=10, latents=True), ReconstructionClassifier(images=20))
    return pretended_study(**{"arms": pretended_study().arms[:2], "measures": measures, **fields})


def accuracy(few: float, many: float) -> Callable[[Trial, str], float]:
    """At dim(z) = 2 and 50, of 0.96 from real images; halfway in between."""

    def value(trial: Trial, part: str) -> float:
        if part == "real":
            return 0.96
        return {2: few, 10: (few + many) / 2, 50: many}[trial.latent_dim or 0] * (1 + 0.01 * trial.seed)

    return value


@pytest.mark.parametrize(
    ("few", "many", "verdict"),
    [
        (0.4, 0.94, "supported"),
        (0.9, 0.94, "not supported"),  # a small latent space does as well
        (0.2, 0.5, "not supported"),  # a large one is not enough
        (0.768, 0.94, "undecided"),  # at the margin: 0.96 / 1.25
    ],
)
def test_reconstructions_must_do_at_large_dims_and_fail_at_small_ones(
    few: float, many: float, verdict: str, make_results: Callable[..., Results]
) -> None:
    finding = large_enough_latent_space.examine(make_results(study(), accuracy=accuracy(few, many)))
    assert finding.verdict == verdict
    assert [line.label for line in finding.evidence] == ["dim(z) = 2", "dim(z) = 10", "dim(z) = 50"]
    assert finding.evidence[0].seeds == (pytest.approx(few / 0.96), pytest.approx(1.01 * few / 0.96))


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
    finding = errors_converge.examine(make_results(study(), mse=ratio(power, level)))
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

    finding = errors_converge.examine(make_results(study(), mse=mse))
    assert finding.verdict == "undecided"
    assert "the optimiser may be to blame" in finding.why


@pytest.mark.parametrize("claim", [errors_converge, large_enough_latent_space])
def test_missing_arms_or_tables_are_not_measured(claim: object, make_results: Callable[..., Results]) -> None:
    only_ae = make_results(study(arms=pretended_study().arms[1:2]))
    assert claim.examine(only_ae).verdict == "not measured"  # type: ignore[attr-defined]
    assert claim.examine(make_results(study(), measured=frozenset())).verdict == "not measured"  # type: ignore[attr-defined]
