"""The plan of a tiny study, worked out by hand, before, during and after its run."""

from pathlib import Path

import pytest

from raysweep.errors import UserError
from raysweep.execution.plan import make_plan
from raysweep.results.store import StudyStore
from support.planned_study import FACTS, LARGER, SMALLER, STUDY, VAE, finish, save_first_shard


def test_a_new_study_has_everything_to_do() -> None:
    plan = make_plan(STUDY, FACTS, None)
    assert [planned.trial.id for planned in plan.trials] == [trial.id for trial in STUDY.trials]
    assert {planned.state for planned in plan.trials} == {"to do"}
    assert (plan.trials_left, plan.shards, plan.shards_left) == (3, 13, 13)
    assert plan.flop_left == plan.flop


def test_the_operations_of_a_trial_are_those_worked_out_by_hand() -> None:
    # The VAE on 64 pixels with 4 hidden units and 2 latents: encoder 64 · 4, two heads 4 · 2 each, decoder 2 · 4 and
    # 4 · 64 multiply-adds: 536 forward. A step: 2 operations each, 3 passes' worth, 16 images; 20 steps.
    planned = make_plan(STUDY, FACTS, None).trials[2]
    assert planned.cost.flop == 536 * 2 * 3 * 16 * 20
    # Weights and biases: 65 · 4, twice 5 · 2, 3 · 4 and 5 · 64.
    assert planned.cost.parameters == 612
    # Reconstruction: 60 images through all layers. Samples: 5 images through the decoder.
    assert [measure.flop for measure in planned.measures] == [60 * 536 * 2, 5 * (8 + 256) * 2]


def test_the_whole_is_the_sum_of_its_parts() -> None:
    plan = make_plan(STUDY, FACTS, None)
    training = sum(planned.cost.flop for planned in plan.trials)
    measuring = sum(measure.flop for planned in plan.trials for measure in planned.measures)
    assert plan.flop == training + measuring
    parameters = sum(trial.model.parameters(FACTS) for trial in STUDY.trials)
    assert plan.model_bytes == 4 * parameters
    assert plan.checkpoint_bytes == 12 * parameters


def test_what_is_in_the_results_folder_is_counted(tmp_path: Path) -> None:
    store = StudyStore(tmp_path)
    finish(store, SMALLER)
    save_first_shard(store, SMALLER)
    store.trials.save_checkpoint(LARGER.id, lambda file: file.write(b"c"))
    store.trials.fail(VAE.id, "out of memory")
    finish(store, VAE.model_copy(update={"seed": 7}))
    plan = make_plan(STUDY, FACTS, store)
    assert [planned.state for planned in plan.trials] == ["finished", "interrupted", "failed"]
    assert (plan.trials_left, plan.shards, plan.shards_left) == (2, 13, 12)
    shard = 20 * 2 * sum(network.multiply_adds for network in SMALLER.model.networks(FACTS).values())
    assert plan.flop - plan.flop_left == pytest.approx(plan.trials[0].cost.flop + shard)
    assert plan.other_trials == 1
    assert plan.checkpoint_bytes == sum(planned.cost.checkpoint_bytes for planned in plan.trials[1:])


def test_a_diverged_trial_has_nothing_left_to_train_or_measure(tmp_path: Path) -> None:
    store = StudyStore(tmp_path)
    finish(store, VAE, "diverged")
    plan = make_plan(STUDY, FACTS, store)
    assert plan.trials[2].state == "diverged"
    assert plan.trials[2].measures == ()
    assert (plan.trials_left, plan.shards) == (2, 8)


def test_a_folder_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    plan = make_plan(STUDY, FACTS, StudyStore(tmp_path / "none"))
    assert plan.folder is None
    assert not (tmp_path / "none").exists()


def test_an_unknown_device_is_refused() -> None:
    with pytest.raises(UserError, match="'tpu': unknown"):
        make_plan(STUDY.model_copy(update={"estimated_device": "tpu"}), FACTS, None)
