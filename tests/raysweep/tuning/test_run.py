"""A search goes on as if it had not been interrupted, is the longer one if made longer, and never judges its choice."""

from pathlib import Path

import numpy as np
import optuna
import pandas as pd
import pytest

from raysweep.cli.loading import load_study
from raysweep.execution.serial import SerialBackend
from raysweep.results.names import RECOMMENDED
from raysweep.study import Study
from raysweep.tuning.run import run_tuning
from raysweep.tuning.search import storage_url
from support.runs import Recorder
from support.tiny_tuning import PRUNED, TINY, workplace


@pytest.mark.slow
def test_the_whole_way_reports_only_fresh_seeds(tmp_path: Path) -> None:
    place = workplace(tmp_path, TINY)
    study = run_tuning(TINY, place, SerialBackend(), Recorder())
    store = place.store
    assert set(store.table("trials")["seed"]) == {100, 101}
    evaluations = store.table("evaluations")
    assert set(evaluations[evaluations["stage"] == "fresh"]["configuration"]) == {arm.name for arm in study.arms}
    assert len(evaluations[evaluations["stage"] == "search"]) == 5 * 2
    assert np.isfinite(evaluations["value"]).all()
    assert isinstance(load_study(store.folder.locate(RECOMMENDED)), Study)
    (name,) = optuna.get_all_study_names(storage_url(store))
    assert {t.state.name for t in optuna.load_study(study_name=name, storage=storage_url(store)).trials} == {"COMPLETE"}
    recorder = Recorder()
    run_tuning(TINY, place, SerialBackend(), recorder)
    assert recorder.expected == set()


@pytest.mark.slow
def test_pruned_trials_cost_less_and_are_not_taken_for_results(tmp_path: Path) -> None:
    place = workplace(tmp_path, PRUNED)
    study = run_tuning(PRUNED, place, SerialBackend(), Recorder())
    rows = place.store.table("configurations").set_index("configuration")
    pruned = [name for name, row in rows.iterrows() if row["state"] == "pruned"]
    assert pruned
    assert rows.loc[pruned, "reason"].str.contains("held-out loss .* above the limit of").all()
    assert not set(pruned) & {arm.name for arm in study.arms}
    assert not set(pruned) & set(place.store.table("evaluations")["configuration"])
    assert set(place.store.table("trials")["status"]) == {"finished"}
    run_tuning(PRUNED.model_copy(update={"pruner": None}), place, SerialBackend(), Recorder())
    assert set(place.store.table("configurations")["state"]) == {"complete"}  # what was pruned is trained to its end
    run_tuning(PRUNED.model_copy(update={"title": "Again"}), place, SerialBackend(), Recorder())
    pd.testing.assert_frame_equal(place.store.table("configurations").set_index("configuration"), rows)
