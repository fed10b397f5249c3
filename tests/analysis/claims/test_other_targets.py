from collections.abc import Callable

import pytest

from analysis.claims import degrees_of_freedom, foreign_images, noise_images, shifted_images
from analysis.results import Results
from raysweep.study import Arm, Autoencoder, Mnist, Reconstruction, Study, Trial, WganGp, grid
from support.pretended_results import DIMS, pretended_study

Mse = Callable[[Trial, str], float]
MEASURE = Reconstruction(images=20, generated=10, shard=10, shifts=(1, 4), foreign=Mnist(), noise=10)


def study(*measures: Reconstruction) -> Study:
    """A GAN, an AE, and, before both, the GAN's generator as it was initialised."""
    over = {"latent_dim": grid(*DIMS)}
    arms = (
        Arm(name="untrained", model=WganGp(steps=0, width=8), over=over),
        Arm(model=WganGp(steps=400, width=8), over=over),
        Arm(model=Autoencoder(steps=400, width=8), over=over),
    )
    return pretended_study(arms=arms, measures=measures or (MEASURE,))


def is_untrained(trial: Trial) -> bool:
    return trial.arm == "untrained"


def spread(trial: Trial) -> float:
    return 1 + 0.01 * trial.seed


# Degrees of freedom


def freedom(untrained: float, floor: float = 0.001) -> Mse:
    """Errors of 0.2 where it was trained, `untrained` where not; of the latter `floor` is the optimiser's."""

    def mse(trial: Trial, part: str) -> float:
        level = {"generated": floor, "noise": 0.4 if is_untrained(trial) else 0.8}.get(part)
        return (level or (untrained if is_untrained(trial) else 0.2)) * spread(trial)

    return mse


def test_what_training_explains_is_a_share_of_the_untrained_error(make_results: Callable[..., Results]) -> None:
    finding = degrees_of_freedom.examine(make_results(study(), mse=freedom(0.8)))
    assert finding.verdict == "supported"
    (_, train), (_, noise) = finding.by_unit
    assert [(line.label, line.value) for line in train] == [
        ("dim(z) = 2", pytest.approx(0.75)),
        ("dim(z) = 10", pytest.approx(0.75)),
        ("dim(z) = 50", pytest.approx(0.75)),
    ]
    assert [line.value for line in noise] == [pytest.approx(-1.0)] * 3  # training makes noise harder to reach
    assert train[0].seeds == (pytest.approx(0.75), pytest.approx(0.75))


def test_shares_have_the_interval_of_the_log_ratio(make_results: Callable[..., Results]) -> None:
    def mse(trial: Trial, part: str) -> float:
        return freedom(0.8)(trial, part) * (1 + 0.1 * trial.seed if is_untrained(trial) else 1.0)

    line = degrees_of_freedom.examine(make_results(study(), mse=mse)).evidence[0]
    assert line.seeds == (pytest.approx(1 - 0.25), pytest.approx(1 - 0.25 / 1.1))
    assert line.value == pytest.approx(1 - 0.25 / 1.1**0.5)
    assert line.low < 0.75 < 1 - 0.25 / 1.1 < line.high < 1


@pytest.mark.parametrize(
    ("untrained", "floor", "verdict"), [(0.1, 0.001, "not supported"), (0.8, 0.7, "undecided"), (0.8, 0.3, "supported")]
)
def test_the_untrained_optimisers_floor_is_taken_off(
    untrained: float, floor: float, verdict: str, make_results: Callable[..., Results]
) -> None:
    finding = degrees_of_freedom.examine(make_results(study(), mse=freedom(untrained, floor)))
    assert finding.verdict == verdict
    assert ("to blame" in finding.why) == (verdict == "undecided")


def test_without_an_untrained_arm_it_is_not_measured(make_results: Callable[..., Results]) -> None:
    results = make_results(pretended_study(arms=pretended_study().arms[:2], measures=(MEASURE,)))
    finding = degrees_of_freedom.examine(results)
    assert finding.verdict == "not measured"
    assert "steps=0" in finding.why


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
    finding = shifted_images.examine(make_results(study(), mse=shifts(small, large)))
    assert finding.verdict == verdict
    assert finding.evidence[0].label == "dim(z) = 2, shifted by 1 pixel"
    assert finding.evidence[0].value == pytest.approx(small / 1.01**0.5)
    assert len(finding.evidence) == 6


# Another data set


def foreign(gan: float, ae: float = 2.0) -> Mse:
    """Foreign images have so many times the error of own held-out ones; training images do not count."""

    def mse(trial: Trial, part: str) -> float:
        ratio = gan if trial.model.family == "wgan_gp" else ae
        return {"foreign": 0.2 * ratio, "validation": 0.2}.get(part, 9.0) * (spread(trial) if part == "foreign" else 1)

    return mse


@pytest.mark.parametrize(("gan", "verdict"), [(0.5, "supported"), (2.0, "not supported"), (1.0, "undecided")])
def test_foreign_images_against_own_ones(gan: float, verdict: str, make_results: Callable[..., Results]) -> None:
    finding = foreign_images.examine(make_results(study(), mse=foreign(gan)))
    assert finding.verdict == verdict
    (_, own), (_, ae) = finding.by_unit
    assert [line.value for line in own] == [pytest.approx(1 / gan / 1.01**0.5)] * 3
    assert [line.value for line in ae] == [pytest.approx(0.5 / 1.01**0.5)] * 3
    assert "The paper trains on CelebA" in finding.cautions[0]
    assert "mnist" in finding.statistic


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

    finding = noise_images.examine(make_results(study(), mse=mse))
    assert finding.verdict == verdict
    (_, flat), (_, fall) = finding.by_unit
    assert [line.value for line in flat] == [
        pytest.approx((errors[0] / errors[1]) ** 0.5),
        pytest.approx((errors[1] / errors[0]) ** 0.5),
    ]
    assert fall[0].value == pytest.approx((errors[0] * errors[1]) ** 0.5 / errors[2])


@pytest.mark.parametrize("claim", [degrees_of_freedom, shifted_images, foreign_images, noise_images])
def test_what_was_not_reconstructed_is_not_measured(claim: object, make_results: Callable[..., Results]) -> None:
    plain = Reconstruction(images=20, generated=10, shard=10)
    only_ae = pretended_study(arms=pretended_study().arms[1:2], measures=(MEASURE,))
    for results in (make_results(pretended_study(measures=(plain,))), make_results(only_ae)):
        assert claim.examine(results).verdict == "not measured"  # type: ignore[attr-defined]


@pytest.mark.slow
def test_measures_that_invert_decoders_are_left_aside(make_results: Callable[..., Results]) -> None:
    decoder = MEASURE.model_copy(update={"name": "decoder", "decoder": "invert"})
    first = make_results(study(decoder, MEASURE), mse=freedom(0.8))
    assert degrees_of_freedom.examine(first) == degrees_of_freedom.examine(make_results(study(), mse=freedom(0.8)))
