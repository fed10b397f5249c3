from collections.abc import Callable

import pytest

from analysis.claims import autoencoder_lower_bound, error_falls
from analysis.results import Results
from raysweep.study import Reconstruction, Study, Trial
from support.pretended_results import pretended_study

Mse = Callable[[Trial, str], float]


def errors(gan: float, ae: float, floor: float = 0.01, power: float = 0.0, noise: float = 0.02) -> Mse:
    """Errors of the GAN and the AE on training images; `floor` is that share of the GAN's."""

    def mse(trial: Trial, part: str) -> float:
        level = gan if trial.model.family == "wgan_gp" else ae
        wobble = 1 + noise * trial.seed * (1 if trial.model.family == "wgan_gp" else -1)
        return level * wobble * float(trial.latent_dim or 1) ** power * (floor if part == "generated" else 1)

    return mse


def gan_and_ae(**fields: object) -> Study:
    study = pretended_study()
    return pretended_study(**{"arms": study.arms[:2], "measures": study.measures[:1], **fields})


def test_a_clearly_larger_error_supports_the_lower_bound(make_results: Callable[..., Results]) -> None:
    finding = autoencoder_lower_bound.examine(make_results(gan_and_ae(), mse=errors(0.4, 0.2, noise=0.0)))
    assert finding.verdict == "supported"
    assert [line.label for line in finding.evidence] == ["dim(z) = 2", "dim(z) = 10", "dim(z) = 50"]
    assert all(line.value == pytest.approx(2) for line in finding.evidence)
    assert "to blame" not in finding.why


def test_ratios_are_paired_by_seed_and_averaged(make_results: Callable[..., Results]) -> None:
    finding = autoencoder_lower_bound.examine(make_results(gan_and_ae(), mse=errors(0.4, 0.2)))
    line = finding.evidence[0]
    assert line.seeds == (pytest.approx(2.0), pytest.approx(2 * 1.02 / 0.98))
    assert line.value == pytest.approx((2.0 * 2 * 1.02 / 0.98) ** 0.5)


def test_a_smaller_error_refutes_the_lower_bound(make_results: Callable[..., Results]) -> None:
    finding = autoencoder_lower_bound.examine(make_results(gan_and_ae(), mse=errors(0.1, 0.2)))
    assert finding.verdict == "not supported"


def test_disagreeing_seeds_leave_the_lower_bound_open(make_results: Callable[..., Results]) -> None:
    finding = autoencoder_lower_bound.examine(make_results(gan_and_ae(), mse=errors(0.2, 0.25, noise=0.3)))
    assert finding.verdict == "undecided"


def test_one_seed_leaves_the_lower_bound_open(make_results: Callable[..., Results]) -> None:
    finding = autoencoder_lower_bound.examine(make_results(gan_and_ae(seeds=(0,)), mse=errors(0.4, 0.2)))
    assert finding.verdict == "undecided"
    assert "one seed" in finding.why


def test_a_floor_that_takes_the_difference_puts_the_blame_on_the_optimiser(
    make_results: Callable[..., Results],
) -> None:
    finding = autoencoder_lower_bound.examine(make_results(gan_and_ae(), mse=errors(0.4, 0.2, floor=0.9)))
    assert finding.verdict == "undecided"
    assert "the optimiser may be to blame" in finding.why
    assert "90 % at dim(z) = 2" in finding.why


def test_a_floor_above_the_error_is_no_crash(make_results: Callable[..., Results]) -> None:
    finding = autoencoder_lower_bound.examine(make_results(gan_and_ae(), mse=errors(0.4, 0.2, floor=1.5)))
    assert finding.verdict == "undecided"


def test_a_large_floor_that_leaves_the_difference_is_said(make_results: Callable[..., Results]) -> None:
    finding = autoencoder_lower_bound.examine(make_results(gan_and_ae(), mse=errors(0.4, 0.2, floor=0.3)))
    assert finding.verdict == "supported"
    assert "may be to blame" in finding.why


def test_without_a_floor_nothing_is_supported(make_results: Callable[..., Results]) -> None:
    study = gan_and_ae(measures=(Reconstruction(images=20, generated=0, shard=10),))
    finding = autoencoder_lower_bound.examine(make_results(study, mse=errors(0.4, 0.2)))
    assert finding.verdict == "undecided"
    assert "floor was not measured" in finding.why


@pytest.mark.parametrize("claim", [autoencoder_lower_bound, error_falls])
def test_missing_arms_or_tables_are_not_measured(claim: object, make_results: Callable[..., Results]) -> None:
    only_gan = make_results(pretended_study(arms=pretended_study().arms[:1]))
    assert claim.examine(only_gan).verdict == "not measured"  # type: ignore[attr-defined]
    without_rows = make_results(gan_and_ae(), measured=frozenset())
    assert claim.examine(without_rows).verdict == "not measured"  # type: ignore[attr-defined]


def test_uneven_counts_are_said(make_results: Callable[..., Results]) -> None:
    results = make_results(
        gan_and_ae(),
        mse=errors(0.4, 0.2),
        failed_shards=lambda measure, trial, shard: (
            "out of memory" if trial.id.startswith("wgan_gp-d2-s0") and shard.key == "train-000010-000020" else ""
        ),
    )
    (caution,) = autoencoder_lower_bound.examine(results).cautions
    assert "10 to 20" in caution


def test_falling_errors_have_their_exponent(make_results: Callable[..., Results]) -> None:
    finding = error_falls.examine(make_results(gan_and_ae(), mse=errors(0.4, 0.2, power=-0.5)))
    assert finding.verdict == "supported"
    assert [(line.label, line.value) for line in finding.evidence] == [
        ("WGAN-GP", pytest.approx(-0.5)),
        ("AE", pytest.approx(-0.5)),
    ]


def test_rising_errors_refute(make_results: Callable[..., Results]) -> None:
    finding = error_falls.examine(make_results(gan_and_ae(), mse=errors(0.4, 0.2, power=0.5)))
    assert finding.verdict == "not supported"


def test_a_fall_of_the_floor_alone_is_the_optimisers(make_results: Callable[..., Results]) -> None:
    # Above the floor the GAN's error is 0.1 at every dim(z): only the inversion gets better.
    def mse(trial: Trial, part: str) -> float:
        dim = float(trial.latent_dim or 1)
        floor = dim**-0.5 * (1 + 0.02 * trial.seed)
        if trial.model.family == "autoencoder":
            return dim**-0.5 * (1 + 0.02 * trial.seed)
        return floor if part == "generated" else floor + 0.1

    finding = error_falls.examine(make_results(gan_and_ae(), mse=mse))
    assert finding.verdict == "undecided"
    assert "the optimiser may be to blame" in finding.why
