from collections.abc import Callable, Sequence

import pytest

from analysis.claims import modes_radius
from analysis.results import Results
from raysweep.study import Arm, ClassRadius, Gan, Grid2d, Modes, Study, Trial, grid
from support.pretended_results import pretended_study


def study(seeds: Sequence[int] = (0, 1, 2), steps: Sequence[int] = (1, 2, 3, 4)) -> Study:
    """A GAN that was trained for more and more steps."""
    arm = Arm(model=Gan(layers="mlp", latent_dim=2), over={"steps": grid(*steps)})
    measures = (Modes(), ClassRadius(classifier="nearest_mode", samples=20, shard=20))
    return pretended_study(seeds, data=Grid2d(), arms=(arm,), measures=measures)


def steps(trial: Trial) -> int:
    return int(getattr(trial.model, "steps", 0))


def test_a_radius_that_falls_supports(make_results: Callable[..., Results]) -> None:
    finding = modes_radius.CAPTURED.examine(
        make_results(study(), captured=steps, radius=lambda trial: 1 / steps(trial))
    )
    assert finding.verdict == "supported"
    [line] = finding.evidence
    assert (line.label, line.value, line.seeds) == ("dim(z) = 2", pytest.approx(-1), pytest.approx((-1, -1, -1)))
    assert "over the 4 models of each seed" in finding.statistic


def test_a_radius_that_grows_refutes(make_results: Callable[..., Results]) -> None:
    finding = modes_radius.CAPTURED.examine(
        make_results(study(), captured=steps, radius=lambda trial: steps(trial) + 0.0)
    )
    assert finding.verdict == "not supported"


def test_seeds_that_disagree_leave_it_open(make_results: Callable[..., Results]) -> None:
    results = make_results(study(), captured=steps, radius=lambda trial: 10.0 + steps(trial) * (1 - trial.seed))
    finding = modes_radius.CAPTURED.examine(results)
    assert finding.verdict == "undecided"
    assert finding.evidence[0].seeds == pytest.approx((1, -1))  # the radii of seed 1 are all equal


def test_one_seed_is_undecided(make_results: Callable[..., Results]) -> None:
    results = make_results(study(seeds=(0,)), captured=steps, radius=lambda trial: 1 / steps(trial))
    assert modes_radius.CAPTURED.examine(results).verdict == "undecided"


def test_infinite_radii_rank_last(make_results: Callable[..., Results]) -> None:
    results = make_results(
        study(), captured=steps, radius=lambda trial: 1 / steps(trial), censored=lambda trial: 20 * (steps(trial) == 1)
    )
    finding = modes_radius.CAPTURED.examine(results)
    assert finding.verdict == "supported"
    assert "3 models of 12 have an infinite class radius." in finding.cautions


@pytest.mark.parametrize("few", [{"steps": (1, 2)}, {"captured": lambda trial: 25}])
def test_too_little_to_rank_is_not_measured(few: dict[str, object], make_results: Callable[..., Results]) -> None:
    numbers: dict[str, object] = {"captured": steps, **few}
    found = study(steps=numbers.pop("steps", (1, 2, 3)))  # type: ignore[arg-type]
    finding = modes_radius.CAPTURED.examine(make_results(found, radius=lambda trial: 1 / steps(trial), **numbers))
    assert finding.verdict == "not measured"


def test_without_modes_it_is_not_measured(shared_results: Results) -> None:
    assert modes_radius.CAPTURED.examine(shared_results).verdict == "not measured"


def test_collisions_are_judged_by_the_shares(make_results: Callable[..., Results]) -> None:
    """Equally many samples are on each captured mode, so both claims see the same."""
    results = make_results(study(), captured=steps, radius=lambda trial: 1 / steps(trial))
    finding = modes_radius.COLLISIONS.examine(results)
    assert finding.verdict == "supported"
    assert "1 / Σ pᵢ²" in finding.statistic
    assert len(finding.cautions) == len(modes_radius.CAPTURED.examine(results).cautions) - 1
