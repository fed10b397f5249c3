from pathlib import Path

from raysweep.results.store import StudyStore
from raysweep.results.trials import Stopwatch, TrialRecord
from support.stored import STUDY, finish


def test_finishing_a_trial_removes_its_checkpoint_and_its_failure(tmp_path: Path) -> None:
    store, trial = StudyStore(tmp_path), STUDY.trials[0]
    store.trials.save_checkpoint(trial.id, lambda file: file.write(b"c"))
    store.trials.fail(trial.id, "killed")
    assert (store.trials.record(trial.id), store.trials.failure(trial.id)) == (None, "killed")
    finish(store, trial)
    assert store.trials.record(trial.id) == TrialRecord("finished", "", 10, 5)
    assert store.trials.failure(trial.id) is None
    assert store.trials.open_checkpoint(trial.id) is None
    assert store.trials.read_model(trial.id) == b"w"


def test_a_stopwatch_adds_up_what_it_was_given(tmp_path: Path) -> None:
    watch = Stopwatch(started=5.0, wall=10.0, cpu=3.0)
    with watch.running():
        sum(range(100_000))
    work = watch.work()
    assert work.started == 5.0
    assert 10.0 < work.wall < 20.0
    assert work.cpu > 3.0
