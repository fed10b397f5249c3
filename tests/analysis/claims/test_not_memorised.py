from collections.abc import Callable

import pytest

from analysis.claims import not_memorised
from analysis.results import Results
from raysweep.study import FrechetDistance, Memorisation, Study, Trial
from support.pretended_results import pretended_study

Make = Callable[..., Results]


def autoencoders(**fields: object) -> Study:
    arms = pretended_study().arms[1:2]
    return pretended_study(arms=arms, measures=(FrechetDistance(samples=10), Memorisation()), **fields)


def falling(trial: Trial, part: str) -> float:
    return 10 / (trial.latent_dim or 1) * (1 + 0.01 * trial.seed)


def ratio(at_two: float, at_fifty: float, noise: float = 0.01) -> Callable[[Trial], float]:
    def distance_ratio(trial: Trial) -> float:
        return (at_fifty if trial.latent_dim == 50 else at_two) * (1 + noise * trial.seed)

    return distance_ratio


def examine(make: Make, **numbers: object) -> tuple[str, dict[str, float]]:
    finding = not_memorised.examine(make(autoencoders(), **numbers))
    return finding.verdict, {line.label: line.value for line in finding.evidence}


def test_images_as_far_as_held_out_ones_support(make_results: Make) -> None:
    verdict, lines = examine(make_results, distance=falling, distance_ratio=ratio(1.5, 0.95, noise=0))
    assert verdict == "supported"
    assert lines["all dim(z)"] == pytest.approx(-1)
    assert lines["dim(z) = 2"] == pytest.approx(1.5)
    assert lines["dim(z) = 50"] == pytest.approx(0.95)


def test_nearer_images_refute(make_results: Make) -> None:
    assert examine(make_results, distance=falling, distance_ratio=ratio(1.5, 0.4))[0] == "not supported"


def test_exact_copies_refute(make_results: Make) -> None:
    """Where the median distance is 0, the ratio counts as a thousandth."""
    verdict, lines = examine(make_results, distance=falling, distance_ratio=lambda trial: 1e-9)
    assert verdict == "not supported"
    assert lines["dim(z) = 50"] == pytest.approx(1e-3)


def test_a_distance_that_rises_refutes(make_results: Make) -> None:
    rising = lambda trial, part: float(trial.latent_dim or 1) * (1 + 0.01 * trial.seed)  # noqa: E731
    assert examine(make_results, distance=rising, distance_ratio=ratio(1.0, 1.0))[0] == "not supported"


def test_noisy_seeds_leave_it_open(make_results: Make) -> None:
    assert examine(make_results, distance=falling, distance_ratio=ratio(1.0, 0.85, noise=0.5))[0] == "undecided"


@pytest.mark.parametrize("table", ["frechet", "memorisation"])
def test_it_takes_both_measures(table: str, make_results: Make) -> None:
    results = make_results(autoencoders(), measured=frozenset({table}))
    assert not_memorised.examine(results).verdict == "not measured"
