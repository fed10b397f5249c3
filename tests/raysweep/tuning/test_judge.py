from pathlib import Path

import pytest

from raysweep.results.store import StudyStore
from raysweep.results.trials import TrialRecord
from raysweep.study import Omega
from raysweep.study.table import HISTORY, TEXT
from raysweep.tuning.judge import evaluate
from support.stored import WORK
from support.tiny_tuning import TINY

STUDY = TINY.study({"c2": TINY.model}, TINY.seeds)
FACTS = TINY.data.facts(Path())
(TRIAL,) = (trial for trial in STUDY.trials if trial.arm == "c2")
(OMEGA,) = TINY.measures
(SHARD,) = OMEGA.shards(TRIAL.model, FACTS)


@pytest.fixture
def store(tmp_path: Path) -> StudyStore:
    """Of a trial whose held-out loss is the sum of its parts at the last step."""
    store = StudyStore(tmp_path)
    parts = [*TRIAL.model.loss_parts]
    values = [3.5 - 0.5 * (len(parts) - 1), *[0.5] * (len(parts) - 1)]
    same = {"trial": [TRIAL.id] * len(parts), "step": [20] * len(parts), "split": ["validation"] * len(parts)}
    history = HISTORY.rows({**same, "metric": parts, "value": values})
    record = TrialRecord("finished", "", 20, 5)
    store.trials.finish(TRIAL.id, record, lambda file: file.write(b"w"), history, WORK)
    return store


def save_omega(store: StudyStore, value: float) -> None:
    ones = {column.name: ["one" if column.type == TEXT else 1] for column in Omega.table.columns}
    rows = Omega.table.rows({**ones, "trial": [TRIAL.id], "scaled_omega": [value]})
    store.shards.save(STUDY.measure_key(OMEGA), TRIAL.id, SHARD, rows, WORK)


def test_objectives_are_read_from_history_and_measures(store: StudyStore) -> None:
    save_omega(store, 0.25)
    assert evaluate(TINY, STUDY, "c2", FACTS, store) == ({"held_out_loss": [3.5], "looseness": [0.25]}, "")


def test_what_is_not_a_number_has_no_score(store: StudyStore) -> None:
    save_omega(store, float("inf"))
    assert evaluate(TINY, STUDY, "c2", FACTS, store) == ({}, "seed 0: looseness is inf")


def test_what_was_not_measured_is_said_with_the_reason(store: StudyStore) -> None:
    store.shards.fail(STUDY.measure_key(OMEGA), TRIAL.id, SHARD, "out of memory")
    assert evaluate(TINY, STUDY, "c2", FACTS, store) == ({}, "seed 0: looseness was not measured: out of memory")


def test_a_trial_without_a_model_has_no_score(tmp_path: Path) -> None:
    store = StudyStore(tmp_path)
    store.trials.fail(TRIAL.id, "killed")
    assert evaluate(TINY, STUDY, "c2", FACTS, store) == ({}, "seed 0: failed: killed")
