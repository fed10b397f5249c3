from collections.abc import Callable

import pytest

from analysis.claims import autoencoder_lower_bound
from analysis.results import Results
from raysweep.study import Reconstruction
from support.other_targets import errors_of, gan_and_ae


def test_a_clearly_larger_error_supports_the_lower_bound(make_results: Callable[..., Results]) -> None:
    finding = autoencoder_lower_bound.examine(make_results(gan_and_ae(), mse=errors_of(0.4, 0.2, noise=0.0)))
    assert finding.verdict == "supported"
    assert [line.label for line in finding.evidence] == ["dim(z) = 2", "dim(z) = 10", "dim(z) = 50"]
    assert all(line.value == pytest.approx(2) for line in finding.evidence)
    assert "to blame" not in finding.why


def test_ratios_are_paired_by_seed_and_averaged(make_results: Callable[..., Results]) -> None:
    finding = autoencoder_lower_bound.examine(make_results(gan_and_ae(), mse=errors_of(0.4, 0.2)))
    line = finding.evidence[0]
    assert line.seeds == (pytest.approx(2.0), pytest.approx(2 * 1.02 / 0.98))
    assert line.value == pytest.approx((2.0 * 2 * 1.02 / 0.98) ** 0.5)


def test_a_smaller_error_refutes_the_lower_bound(make_results: Callable[..., Results]) -> None:
    finding = autoencoder_lower_bound.examine(make_results(gan_and_ae(), mse=errors_of(0.1, 0.2)))
    assert finding.verdict == "not supported"


def test_disagreeing_seeds_leave_the_lower_bound_open(make_results: Callable[..., Results]) -> None:
    finding = autoencoder_lower_bound.examine(make_results(gan_and_ae(), mse=errors_of(0.2, 0.25, noise=0.3)))
    assert finding.verdict == "undecided"


def test_one_seed_leaves_the_lower_bound_open(make_results: Callable[..., Results]) -> None:
    finding = autoencoder_lower_bound.examine(make_results(gan_and_ae(seeds=(0,)), mse=errors_of(0.4, 0.2)))
    assert finding.verdict == "undecided"
    assert "one seed" in finding.why


def test_a_floor_that_takes_the_difference_puts_the_blame_on_the_optimiser(
    make_results: Callable[..., Results],
) -> None:
    finding = autoencoder_lower_bound.examine(make_results(gan_and_ae(), mse=errors_of(0.4, 0.2, floor=0.9)))
    assert finding.verdict == "undecided"
    assert "the optimiser may be to blame" in finding.why
    assert "90 % at dim(z) = 2" in finding.why


def test_a_floor_above_the_error_is_no_crash(make_results: Callable[..., Results]) -> None:
    finding = autoencoder_lower_bound.examine(make_results(gan_and_ae(), mse=errors_of(0.4, 0.2, floor=1.5)))
    assert finding.verdict == "undecided"


def test_a_large_floor_that_leaves_the_difference_is_said(make_results: Callable[..., Results]) -> None:
    finding = autoencoder_lower_bound.examine(make_results(gan_and_ae(), mse=errors_of(0.4, 0.2, floor=0.3)))
    assert finding.verdict == "supported"
    assert "may be to blame" in finding.why


def test_without_a_floor_nothing_is_supported(make_results: Callable[..., Results]) -> None:
    study = gan_and_ae(measures=(Reconstruction(images=20, generated=0, shard=10),))
    finding = autoencoder_lower_bound.examine(make_results(study, mse=errors_of(0.4, 0.2)))
    assert finding.verdict == "undecided"
    assert "floor was not measured" in finding.why


def test_uneven_counts_are_said(make_results: Callable[..., Results]) -> None:
    results = make_results(
        gan_and_ae(),
        mse=errors_of(0.4, 0.2),
        failed_shards=lambda measure, trial, shard: (
            "out of memory" if trial.id.startswith("wgan_gp-d2-s0") and shard.key == "train-000010-000020" else ""
        ),
    )
    (caution,) = autoencoder_lower_bound.examine(results).cautions
    assert "10 to 20" in caution
