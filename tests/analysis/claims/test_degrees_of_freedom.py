from collections.abc import Callable

import pytest

from analysis.claims import degrees_of_freedom
from analysis.results import Results
from raysweep.study import Trial
from support.other_targets import MEASURE, Mse, is_untrained, spread, untrained_gan_and_ae
from support.pretended_results import pretended_study

# Degrees of freedom


def freedom(untrained: float, floor: float = 0.001) -> Mse:
    """Errors of 0.2 where it was trained, `untrained` where not; of the latter `floor` is the optimiser's."""

    def mse(trial: Trial, part: str) -> float:
        level = {"generated": floor, "noise": 0.4 if is_untrained(trial) else 0.8}.get(part)
        return (level or (untrained if is_untrained(trial) else 0.2)) * spread(trial)

    return mse


def test_what_training_explains_is_a_share_of_the_untrained_error(make_results: Callable[..., Results]) -> None:
    finding = degrees_of_freedom.examine(make_results(untrained_gan_and_ae(), mse=freedom(0.8)))
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

    line = degrees_of_freedom.examine(make_results(untrained_gan_and_ae(), mse=mse)).evidence[0]
    assert line.seeds == (pytest.approx(1 - 0.25), pytest.approx(1 - 0.25 / 1.1))
    assert line.value == pytest.approx(1 - 0.25 / 1.1**0.5)
    assert line.low < 0.75 < 1 - 0.25 / 1.1 < line.high < 1


@pytest.mark.parametrize(
    ("untrained", "floor", "verdict"), [(0.1, 0.001, "not supported"), (0.8, 0.7, "undecided"), (0.8, 0.3, "supported")]
)
def test_the_untrained_optimisers_floor_is_taken_off(
    untrained: float, floor: float, verdict: str, make_results: Callable[..., Results]
) -> None:
    finding = degrees_of_freedom.examine(make_results(untrained_gan_and_ae(), mse=freedom(untrained, floor)))
    assert finding.verdict == verdict
    assert ("to blame" in finding.why) == (verdict == "undecided")


def test_without_an_untrained_arm_it_is_not_measured(make_results: Callable[..., Results]) -> None:
    results = make_results(pretended_study(arms=pretended_study().arms[:2], measures=(MEASURE,)))
    finding = degrees_of_freedom.examine(results)
    assert finding.verdict == "not measured"
    assert "steps=0" in finding.why


@pytest.mark.slow
def test_measures_that_invert_decoders_are_left_aside(make_results: Callable[..., Results]) -> None:
    decoder = MEASURE.model_copy(update={"name": "decoder", "decoder": "invert"})
    first = make_results(untrained_gan_and_ae(decoder, MEASURE), mse=freedom(0.8))
    assert degrees_of_freedom.examine(first) == degrees_of_freedom.examine(
        make_results(untrained_gan_and_ae(), mse=freedom(0.8))
    )
