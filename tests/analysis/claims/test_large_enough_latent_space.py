from collections.abc import Callable

import pytest

from analysis.claims import large_enough_latent_space
from analysis.results import Results
from raysweep.study import Reconstruction, ReconstructionClassifier, Trial
from support.other_targets import gan_and_ae

MEASURES = (Reconstruction(images=20, generated=10, shard=10, latents=True), ReconstructionClassifier(images=20))


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
    finding = large_enough_latent_space.examine(
        make_results(gan_and_ae(measures=MEASURES), accuracy=accuracy(few, many))
    )
    assert finding.verdict == verdict
    assert [line.label for line in finding.evidence] == ["dim(z) = 2", "dim(z) = 10", "dim(z) = 50"]
    assert finding.evidence[0].seeds == (pytest.approx(few / 0.96), pytest.approx(1.01 * few / 0.96))
