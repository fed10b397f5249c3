from collections.abc import Callable

import pytest

from analysis.numbers import Number, NumberColumn, numbers
from analysis.results import Results
from raysweep.study import (
    Arm,
    ClassRadius,
    FrechetDistance,
    Gan,
    Grid2d,
    Modes,
    Reconstruction,
    ReconstructionClassifier,
    Trial,
)
from raysweep.study.measures.reconstruction import RECOVERED
from support.pretended_results import SIGNAL, pretended_study


def test_numbers_are_means_with_their_band(make_results: Callable[..., Results]) -> None:
    study = pretended_study(arms=pretended_study().arms[:2])
    found = numbers(make_results(study, mse=lambda trial, part: 0.25 + 0.5 * trial.seed))
    quality = ["Fréchet distance", "Kernel distance", "Precision", "Recall", "Density", "Coverage"]
    errors = [("Squared error", 3), ("Share recovered", 1)]
    diversity = [("Support size", 1), ("Class radius", 2)]
    assert found.groups == [*errors, *((name, 2) for name in quality), *diversity]
    (gan, gan_rows), (ae, ae_rows) = found.arms
    assert (gan, ae) == ("WGAN-GP", "AE")
    assert [row.latent_dim for row in gan_rows] == [2, 10, 50]
    assert gan_rows[0].numbers[0] == Number("0.500", "[0.250, 0.750]")
    assert ae_rows[0].numbers[2] is None  # an encoder has no optimiser's floor


@pytest.mark.parametrize(("times", "share"), [(0.5, "1"), (1.0, "0.500"), (2.0, "0")])
def test_the_share_of_generated_images_recovered(
    make_results: Callable[..., Results], times: float, share: str
) -> None:
    study = pretended_study(arms=pretended_study().arms[:2], measures=(Reconstruction(images=20),), seeds=(0,))
    threshold = RECOVERED * SIGNAL
    found = numbers(make_results(study, mse=lambda trial, part: times * threshold if part == "generated" else 1.0))
    assert found.columns[-1] == NumberColumn("Share recovered", "optimiser's floor")
    (_, (inverted, *_)), (_, (encoded, *_)) = found.arms
    assert inverted.numbers[-1] == Number(share, "")
    assert encoded.numbers[-1] is None


def test_one_seed_has_no_band(make_results: Callable[..., Results]) -> None:
    study = pretended_study(arms=pretended_study().arms[:1], measures=(FrechetDistance(samples=10),), seeds=(0,))
    found = numbers(make_results(study, distance=lambda trial, part: 12.0))
    assert found.rows[0].numbers == (Number("12", ""),)


@pytest.mark.parametrize(
    ("samples", "expected"), [(4, Number("≥ 1.000", "10 % censored")), (20, Number("∞", "50 % censored"))]
)
def test_a_radius_with_censored_samples_is_a_lower_bound(
    make_results: Callable[..., Results], samples: int, expected: Number
) -> None:
    study = pretended_study(arms=pretended_study().arms[2:3], measures=(ClassRadius(samples=20, shard=20),))

    def censored(trial: Trial) -> int:
        return samples if trial.seed == 0 and trial.latent_dim == 2 else 0

    found = numbers(make_results(study, censored=censored, radius=lambda trial: 1 / 1.01))
    assert found.columns[1] == NumberColumn("Class radius", "lower bound")
    assert found.rows[0].numbers[0] == expected
    assert found.rows[1].numbers[0] == Number("0.990", "[0.990, 0.990]")


def test_measures_of_one_kind_keep_their_names(make_results: Callable[..., Results]) -> None:
    measures = (FrechetDistance(samples=10), FrechetDistance(name="fid", features="inception", samples=20))
    study = pretended_study(arms=pretended_study().arms[:1], measures=measures, seeds=(0,))
    assert [measure for measure, _ in numbers(make_results(study)).groups] == [
        "Fréchet distance, frechet",
        "Fréchet distance, fid",
    ]


def test_captured_modes_are_numbers_too(make_results: Callable[..., Results]) -> None:
    arms = (Arm(model=Gan(layers="mlp", latent_dim=2)),)
    study = pretended_study(data=Grid2d(), arms=arms, measures=(Modes(),))
    found = numbers(make_results(study, captured=lambda trial: 10 + 2 * trial.seed))
    assert found.groups == [("Captured modes", 1), ("High-quality share", 1), ("Reverse KL", 1)]
    assert found.rows[0].numbers[:2] == (Number("11", "[10, 12]"), Number("0.900", "[0.900, 0.900]"))


def test_what_was_learned_from_reconstructions_stands_beside_its_control(make_results: Callable[..., Results]) -> None:
    measures = (Reconstruction(images=20, shard=10, latents=True), ReconstructionClassifier(images=20))
    study = pretended_study(arms=pretended_study().arms[:1], measures=measures, seeds=(0,))
    found = numbers(make_results(study, accuracy=lambda trial, part: 0.9 if part == "real" else 0.5))
    assert found.groups[-1] == ("LeNet's accuracy after", 2)
    assert [column.part for column in found.columns[-2:]] == ["reconstructions", "real images"]
    assert found.rows[0].numbers[-2:] == (Number("0.500", ""), Number("0.900", ""))


def test_numbers_have_a_column_for_every_target(reconstructed: Results) -> None:
    found = numbers(reconstructed)
    assert [column.part for column in found.columns] == [
        "train",
        "validation",
        "optimiser's floor",
        "shifted by 1 px",
        "shifted by 4 px",
        "foreign",
        "noise",
        "optimiser's floor",  # the share recovered
    ]
    assert found.rows[0].numbers[5] is not None
    assert found.rows[0].numbers[5].mean == "0.410"
