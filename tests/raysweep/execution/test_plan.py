"""The plan of a tiny study, worked out by hand, before, during and after its run."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from raysweep.cli.plan import duration, print_plan, with_prefix
from raysweep.errors import UserError
from raysweep.execution.plan import Plan, make_plan
from raysweep.results.store import StudyStore
from raysweep.results.trials import TrialRecord, Work
from raysweep.study import Arm, Autoencoder, Digits, Reconstruction, Resources, Samples, Study, Trial, Vae, grid
from raysweep.study.table import HISTORY

WORK = Work("node", 1, 0.0, 2.0, 1.0)
FACTS = Digits(limit=100).facts(Path())
# Two autoencoders (dim(z) 2 and 4) and a VAE, one seed each. Reconstruction: 30 training images in shards of 20 (2 of
# them) and 30 validation images (2): 4 shards a trial. Samples: 1 shard, of the VAE alone. 3 trials, 3 · 4 + 1 shards.
STUDY = Study(
    name="tiny",
    title="Tiny [bold]",
    question="Is the plan right?",
    data=Digits(limit=100),
    arms=(
        Arm(
            model=Autoencoder(steps=10, width=4, batch=16),
            over={"latent_dim": grid(2, 4)},
            resources=Resources(cpus=2, gpus=0.25),
        ),
        Arm(model=Vae(steps=20, width=4, batch=16, layers="mlp", latent_dim=2)),
    ),
    measures=(Reconstruction(images=30, shard=20), Samples(count=5)),
)
SMALLER, LARGER, VAE = STUDY.trials


def finish(store: StudyStore, trial: Trial, status: str = "finished") -> None:
    history = HISTORY.rows({"trial": [], "step": [], "split": [], "metric": [], "value": []})
    store.trials.finish(trial.id, TrialRecord(status, "", 10, 5), lambda file: file.write(b"w"), history, WORK)


def save_first_shard(store: StudyStore, trial: Trial) -> None:
    measure = STUDY.measures[0]
    shard = measure.shards(trial.model, FACTS)[0]
    rows = Reconstruction.table.rows({column.name: [] for column in Reconstruction.table.columns})
    store.shards.save(STUDY.measure_key(measure), trial.id, shard, rows, WORK)


def printed(plan: Plan, every_trial: bool = True) -> str:
    stream = io.StringIO()
    print_plan(plan, Console(file=stream, emoji=False, highlight=False), every_trial)
    return stream.getvalue()


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


def test_every_trial_is_printed_with_its_resources_cost_and_shards() -> None:
    lines = printed(make_plan(STUDY, FACTS, None)).splitlines()
    (line,) = [line for line in lines if line.startswith(LARGER.id)]
    flop = LARGER.model.flop_per_step(FACTS) * 10
    cost = f"{with_prefix(flop, 'FLOP')} {flop / 50e9:.2g} s"
    expected = f"{LARGER.id} to do 2 0.25 {cost} 0/4".split()
    assert line.split()[: len(expected)] == expected


def test_the_summary_alone_names_no_trial() -> None:
    text = printed(make_plan(STUDY, FACTS, None), every_trial=False)
    assert SMALLER.id not in text
    assert "latent_dim 2, 4" in text
    assert "3 trials and 13 shards" in text


def test_what_exists_is_printed(tmp_path: Path) -> None:
    store = StudyStore(tmp_path)
    finish(store, SMALLER)
    save_first_shard(store, SMALLER)
    text = " ".join(printed(make_plan(STUDY, FACTS, store)).split())
    assert "has trials: 1 finished; 1 of 13 shards." in text
    assert "Left to do: 2 trials and 12 shards" in text
    assert "1/4" in text


def test_nothing_is_cut_off_or_taken_for_markup_where_there_is_no_terminal() -> None:
    name = "a" * 40
    arm = STUDY.arms[0].model_copy(update={"name": name})
    text = printed(make_plan(STUDY.model_copy(update={"arms": (arm,)}), FACTS, None))
    assert "…" not in text
    assert f"{name}-d2-s0-" in text
    assert "Tiny [bold]" in text


def test_a_terminal_of_100_columns_shows_every_id_on_one_line() -> None:
    stream = io.StringIO()
    print_plan(make_plan(STUDY, FACTS, None), Console(file=stream, width=100, force_terminal=True), every_trial=True)
    assert all(trial.id in stream.getvalue() for trial in STUDY.trials)


def test_a_measure_that_no_model_can_have_is_named() -> None:
    study = STUDY.model_copy(update={"arms": STUDY.arms[:1]})
    assert "No model of this study can have this measured: samples." in printed(make_plan(study, FACTS, None))
    assert "No model" not in printed(make_plan(STUDY, FACTS, None))


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0 B"), (999, "999 B"), (999.6, "1 kB"), (13.788e12, "13.8 TB"), (5.06e18, "5.06 EB")]
)
def test_prefixes(value: float, text: str) -> None:
    assert with_prefix(value, "B") == text


@pytest.mark.parametrize(
    ("hours", "text"),
    [
        *((0, "0 s"), (4e-9, "< 0.001 s"), (0.001 / 3600, "0.001 s"), (0.013 / 3600, "0.013 s"), (59 / 3600, "59 s")),
        *((0.05, "3 min"), (0.9999, "1 h"), (1234.4, "1,234 h")),
    ],
)
def test_durations(hours: float, text: str) -> None:
    assert duration(hours) == text
