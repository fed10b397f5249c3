from pathlib import Path

import pytest
from pydantic import TypeAdapter, ValidationError

from raysweep.study import (
    Automatic,
    BallLbfgs,
    Digits,
    LevenbergMarquardt,
    ProjectedAdam,
    Reconstruction,
    WebsterLbfgs,
    WganGp,
)
from raysweep.study.measures import Shard
from raysweep.study.measures.reconstruction import CALIBRATION
from raysweep.study.solvers import MANY_STARTS_UP_TO, NEWTON_UP_TO, Solver

ALL: list[Solver] = [Automatic(), LevenbergMarquardt(), BallLbfgs(), ProjectedAdam(), WebsterLbfgs()]
EACH = pytest.mark.parametrize("solver", ALL, ids=[solver.solver for solver in ALL])


@EACH
def test_settings_survive_json(solver: Solver) -> None:
    assert TypeAdapter(Solver).validate_json(solver.model_dump_json()) == solver
    measure = Reconstruction.model_validate({"solver": {"solver": solver.solver}})
    assert measure.solver == solver


@EACH
def test_every_solver_is_costed(solver: Solver) -> None:
    facts, shard = Digits().facts(Path()), Shard("train", 0, 10)
    measure = Reconstruction.model_validate({"solver": solver, "repeated": 3})
    model = WganGp(latent_dim=10, width=4)
    shared = solver.at(10).shared_passes(10)
    assert measure.flop(model, facts, shard) == pytest.approx(
        (13 * solver.expected_passes(10) + shared) * model.decoder_flop(facts)
    )
    assert solver.expected_passes(10) > 0


def test_a_plan_counts_all_doublings_of_the_budget() -> None:
    facts, shard, model = Digits().facts(Path()), Shard("train", 0, 10), WganGp(latent_dim=10, width=4)
    measure = Reconstruction(solver=ProjectedAdam(steps=100), recover=0.99, doublings=2, repeated=0)
    passes = CALIBRATION * (201 + 401) + 10 * 801
    assert measure.flop(model, facts, shard) == pytest.approx(passes * model.decoder_flop(facts))


def test_a_plan_counts_what_images_share_once_a_trial() -> None:
    facts, model = Digits().facts(Path()), WganGp(latent_dim=10, width=4)
    measure = Reconstruction(repeated=0)
    first, second = (measure.flop(model, facts, Shard("train", start, start + 10)) for start in (0, 10))
    shared = Automatic().at(10).shared_passes(10)
    assert first - second == pytest.approx(shared * model.decoder_flop(facts))


def test_what_is_exactly_known_about_passes() -> None:
    assert ProjectedAdam(steps=100, restarts=3).expected_passes(5) == 603
    assert WebsterLbfgs().expected_passes(5) == 101
    assert BallLbfgs(steps=30, scout_steps=10, starts=4, finalists=2).expected_passes(64) == 2 * (4 * 11 + 2 * 20)


def test_ours_chooses_by_dimension_and_keeps_the_feasible_set() -> None:
    assert Automatic(feasible="chi2_ball").at(NEWTON_UP_TO) == LevenbergMarquardt(feasible="chi2_ball")
    assert Automatic(feasible="chi2_ball").at(NEWTON_UP_TO + 1) == BallLbfgs(feasible="chi2_ball")
    assert Automatic(feasible="chi2_ball").at(MANY_STARTS_UP_TO + 1).starts < BallLbfgs().starts
    assert ProjectedAdam().at(5) == ProjectedAdam()


def test_random_starts_and_banks() -> None:
    assert ProjectedAdam(restarts=3).random_starts == 3
    assert ProjectedAdam(restarts=3, start="zero").random_starts == 0
    assert WebsterLbfgs(restarts=2).random_starts == 2
    assert BallLbfgs(bank=50).bank_size == 50
    assert BallLbfgs(bank=50, starts=1).bank_size == 50  # what is regressed on
    assert BallLbfgs(bank=50, probes=3).shared_passes(7) == 50 + 2 * 3 * 7


def test_more_starts_than_the_bank_has_are_refused() -> None:
    with pytest.raises(ValidationError, match="give a larger bank, or fewer starts"):
        BallLbfgs(bank=3, starts=5)
    assert BallLbfgs(bank=4, starts=5).starts == 5


def test_websters_protocol_has_no_constraint() -> None:
    with pytest.raises(ValidationError):
        WebsterLbfgs.model_validate({"feasible": "paper_ball"})


def test_inversion_costs_two_passes_a_step() -> None:
    assert ProjectedAdam(steps=100).passes == 201
    assert ProjectedAdam(steps=100, restarts=3).passes == 603


def test_results_of_an_earlier_version_of_a_solver_are_not_taken_for_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    measures = [Reconstruction(solver=solver) for solver in (Automatic(), ProjectedAdam())]
    before = [measure.key("") for measure in measures]
    monkeypatch.setattr(Automatic, "version", Automatic.version + 1)
    after = [measure.key("") for measure in measures]
    assert after[0] != before[0]
    assert after[1] == before[1]
