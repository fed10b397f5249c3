import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from analysis.results import Results, load_results
from raysweep.errors import UserError
from raysweep.results.store import StudyStore
from raysweep.study import Arm, Vae, grid
from support.pretended_results import Numbers, pretended_results, pretended_study, write_results


@pytest.mark.slow
def test_pretended_results_are_those_of_a_folder_that_is_written_and_read(tmp_path: Path) -> None:
    """So that other tests need not write a file for each shard."""
    numbers = Numbers(
        failed_shards=lambda measure, trial, shard: "lost" if (trial.seed, shard.start) == (1, 10) else "",
        diverged=lambda trial: "loss is nan" if trial.arm == "vae" else "",
    )
    written = load_results(write_results(tmp_path / "written", pretended_study(), numbers))
    pretended = pretended_results(tmp_path / "pretended", pretended_study(), numbers)
    assert len(written.tables["failures"]) > 0
    assert replace(pretended, tables={}) == replace(written, tables={})
    for name, table in written.tables.items():
        pd.testing.assert_frame_equal(pretended.tables[name], table, check_exact=True)


def test_trials_are_in_the_order_of_the_study(shared_results: Results) -> None:
    swept = [trial for trial in shared_results.trials if trial.arm != "classifier"]
    assert list(dict.fromkeys(trial.arm for trial in swept)) == ["wgan_gp", "autoencoder", "vae", "lc_vae"]
    gan = [(trial.latent_dim, trial.seed) for trial in swept if trial.arm == "wgan_gp"]
    assert gan == [(2, 0), (2, 1), (10, 0), (10, 1), (50, 0), (50, 1)]
    assert shared_results.trials[-1].arm == "classifier"
    assert shared_results.trials[-1].latent_dim is None


def test_main_trials_have_the_arms_own_settings(shared_results: Results) -> None:
    main = {trial.others for trial in shared_results.trials if trial.arm == "lc_vae" and shared_results.is_main(trial)}
    assert main == {(("lam", 30.0), ("c", 0.3))}


def test_an_axis_that_leaves_out_the_own_value_is_shown_at_its_first(make_results: Callable[..., Results]) -> None:
    arm = Arm(model=Vae(width=8, latent_dim=10), over={"width": grid(4, 6)})
    results = make_results(pretended_study(arms=(arm,), measures=()))
    assert {trial.axes["width"] for trial in results.trials if results.is_main(trial)} == {4}


def test_means_are_over_the_images_of_a_trial(make_results: Callable[..., Results]) -> None:
    results = make_results(mse=lambda trial, part: 0.25 if part == "train" else 0.5)
    (measure,) = results.measures("reconstruction")
    values = results.means(results.rows(measure), "mse")
    assert {(value.part, value.count) for value in values} == {("train", 20), ("validation", 20), ("generated", 10)}
    assert all(value.value == pytest.approx(0.25 if value.part == "train" else 0.5) for value in values)


def test_a_measure_without_rows_is_not_listed(make_results: Callable[..., Results]) -> None:
    results = make_results(measured=frozenset({"frechet"}))
    assert results.measures("reconstruction") == ()
    assert [measure.name for measure in results.measures("frechet")] == ["frechet"]


def test_a_folder_without_a_study_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no study\.json"):
        load_results(StudyStore(tmp_path / "nowhere"))


def test_a_study_of_another_version_is_refused(make_store: Callable[..., StudyStore]) -> None:
    store = make_store(pretended_study(measures=()))
    path = store.folder.path / "study.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "colour": "red"}))
    with pytest.raises(UserError, match=r"not a study of this version.*colour"):
        load_results(store)


def test_a_broken_environment_is_named(make_store: Callable[..., StudyStore]) -> None:
    store = make_store(pretended_study(measures=()))
    (store.folder.path / "environment.json").unlink()
    with pytest.raises(UserError, match=r"environment\.json.*run the study again"):
        load_results(store)


def test_rows_of_trials_that_left_the_study_are_not_read(tmp_path: Path) -> None:
    study = pretended_study(measures=())
    store = write_results(tmp_path / "digits", study, Numbers())
    fewer = pretended_study(measures=(), arms=study.arms[:1])
    store.save_study(fewer, store.load_facts(), {})
    results = load_results(store)
    assert {trial.arm for trial in results.trials} == {"wgan_gp"}
    assert set(results.tables["history"]["trial"]) == {trial.id for trial in results.trials}


def test_tables_of_wholly_other_trials_are_refused(tmp_path: Path) -> None:
    store = write_results(tmp_path / "digits", pretended_study(measures=()), Numbers())
    other = pretended_study(measures=(), arms=(Arm(model=Vae(width=9)),))
    store.save_study(other, store.load_facts(), {})
    with pytest.raises(UserError, match="of other trials"):
        load_results(store)


def test_infinite_settings_survive(shared_results: Results) -> None:
    assert {trial.axes["c"] for trial in shared_results.trials if trial.arm == "lc_vae"} == {0.3, math.inf}
