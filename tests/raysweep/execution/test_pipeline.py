"""The whole way in one process: what is missing is done, what exists is not done again."""

import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.report import write_report
from raysweep.errors import UserError
from raysweep.execution import pipeline, tasks, worker
from raysweep.execution.pipeline import run_study
from raysweep.execution.serial import SerialBackend
from raysweep.execution.tasks import MeasureTask, PrepareTask, TrainTask, Workplace
from raysweep.results.names import merged_file, shard_file
from raysweep.results.store import StudyStore
from raysweep.results.tables import all_tables
from raysweep.study import (
    Arm,
    ClassMap,
    ClassRadius,
    ExactRadius,
    Gan,
    Grid2d,
    Modes,
    Resources,
    Study,
    Toy,
    WganGp,
    grid,
)
from support.runs import Recorder, tables
from support.small_study import STUDY

FACTS = STUDY.data.facts(Path())
FOLLOWED_AND_FOLLOWING = ("newton", "reconstruction_classifier")


def run(folder: Path, study: Study = STUDY, steps: Sequence[pipeline.Step] = ("train", "measure")) -> Recorder:
    recorder = Recorder()
    run_study(study, Workplace(folder, folder), SerialBackend(), recorder, steps)
    return recorder


@pytest.fixture
def results(small_results: Path, tmp_path: Path) -> Path:
    """A copy of the small study's."""
    return Path(shutil.copytree(small_results, tmp_path / "results"))


@pytest.fixture
def interrupted(small_computed: Path, tmp_path: Path) -> Path:
    """A copy of what is there if the run ends before it gathers tables."""
    return Path(shutil.copytree(small_computed, tmp_path / "interrupted"))


@pytest.mark.slow
def test_every_trial_and_every_shard_is_there(small_results: Path) -> None:
    found = tables(small_results)
    assert set(found["trials"]["trial"]) == {trial.id for trial in STUDY.trials}
    assert set(found["trials"]["status"]) == {"finished"}
    assert found["failures"].empty
    inverted, encoded = 4 + 1 + 1, 2 + 1 + 2 + 1  # GANs, GLO, polynomial; AE, VAE, LC-VAE, PCA
    sampled = 4 + 1 + 1 + 2  # GANs, polynomial, VAE, LC-VAE
    by_measure = found["reconstruction"].groupby("measure").size()
    assert by_measure["reconstruction"] == (inverted + encoded) * 40 + inverted * 10
    assert by_measure["newton"] == (inverted + encoded) * 12 + inverted * 4
    assert by_measure["lbfgs"] == (inverted + encoded) * 15 + inverted * 4
    assert by_measure["decoder"] == encoded * 24  # six parts of four
    assert len(found["class_radius"]) == sampled * 6
    assert len(found["samples"]) == sampled * 16
    assert len(found["reconstruction_classifier"]) == (inverted + encoded) * 2
    assert len(found["frechet"]) == sampled + encoded
    assert len(found["interpolant"]) == 1
    for name in ("history", "frechet"):
        assert np.isfinite(found[name][{"history": "value", "frechet": "distance"}[name]]).all()


@pytest.mark.slow
def test_the_schedule_says_who_did_what(small_results: Path) -> None:
    schedule = Workplace(small_results, small_results).store.table("schedule")
    assert len(schedule) == len(STUDY.trials) + len(list(STUDY.measurements(FACTS)))
    assert len(set(schedule["process"])) == 1
    assert (schedule["wall"] > 0).all()


@pytest.mark.slow
def test_a_second_run_does_nothing(results: Path) -> None:
    before = tables(results)
    recorder = run(results)
    assert recorder.kinds == set()
    for name, table in tables(results).items():
        pd.testing.assert_frame_equal(table, before[name])


@pytest.mark.slow
def test_only_what_is_missing_is_done_and_comes_out_the_same(small_results: Path, interrupted: Path) -> None:
    store = Workplace(interrupted, interrupted).store
    trial = STUDY.trials[3]
    shutil.rmtree(interrupted / "trials" / trial.id)
    lost = [(m, t, s) for m, t, s in STUDY.measurements(FACTS)][::7]
    for m, t, s in lost:
        store.folder.delete(shard_file(STUDY.measure_key(m), t.id, s))
    recorder = run(interrupted)
    names = {f"{STUDY.measure_key(m)}/{t.id}/{s.key}" for m, t, s in lost}
    assert set(recorder.shares) == {trial.id, *names}
    for name, table in tables(interrupted).items():
        pd.testing.assert_frame_equal(table, tables(small_results)[name])


@pytest.mark.slow
def test_shards_that_lie_in_one_file_are_all_done_again_without_it(results: Path) -> None:
    before = tables(results)
    store = Workplace(results, results).store
    measure, trial = STUDY.measures[0], STUDY.trials[1]
    shards = STUDY.shards_of(measure, trial, FACTS)
    assert len(shards) > 1
    file = merged_file(STUDY.measure_key(measure), trial.id, shards)
    assert store.shards.files(STUDY.measure_key(measure), trial.id) == {file}
    store.folder.delete(file)
    recorder = run(results)
    assert set(recorder.shares) == {f"{STUDY.measure_key(measure)}/{trial.id}/{shard.key}" for shard in shards}
    for name, table in tables(results).items():
        pd.testing.assert_frame_equal(table, before[name])


@pytest.mark.slow
def test_a_larger_study_adds_to_what_is_there(results: Path) -> None:
    larger = STUDY.model_copy(update={"seeds": (0, 1), "arms": STUDY.arms[1:2]})
    recorder = run(results, larger, ["train"])
    new = {trial.id for trial in larger.trials} - {trial.id for trial in STUDY.trials}
    assert set(recorder.shares) == new
    assert len(new) == 2


@pytest.mark.slow
def test_progress_reaches_the_end_of_everything(tmp_path: Path) -> None:
    recorder = run(tmp_path, STUDY.model_copy(update={"arms": STUDY.arms[2:3]}))
    assert recorder.kinds == {"train", "prepare", "measure"}
    assert {name for name, share in recorder.shares.items() if share == 1.0} == recorder.expected


@pytest.mark.slow
def test_training_alone_measures_nothing(tmp_path: Path) -> None:
    study = STUDY.model_copy(update={"arms": STUDY.arms[2:3]})
    run(tmp_path, study, ["train"])
    found = tables(tmp_path)
    assert set(found["trials"]["status"]) == {"finished"}
    assert found["samples"].empty


@pytest.mark.slow
def test_a_failure_is_recorded_and_the_rest_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study = STUDY.model_copy(update={"arms": STUDY.arms[2:3], "seeds": (0, 1)})
    bad = study.trials[1].id
    attempts = []
    real = worker.start_training

    def start(task: TrainTask, *arguments: object) -> object:
        if task.trial.id == bad:
            attempts.append(task.trial.id)
            raise RuntimeError("out\nof memory")
        return real(task, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr("raysweep.execution.worker.start_training", start)
    run(tmp_path, study)
    trials = tables(tmp_path)["trials"].set_index("trial")
    assert trials.loc[bad, "status"] == "failed"
    assert trials.loc[bad, "reason"] == "RuntimeError: out of memory"
    assert len(attempts) == 1 + tasks.RETRIES
    assert (trials.drop(bad)["status"] == "finished").all()
    outcome = pipeline.outcome(study, FACTS, StudyStore(tmp_path))
    assert (outcome.finished, outcome.failed, outcome.reasons) == (2, 1, ("RuntimeError: out of memory",))

    monkeypatch.undo()
    run(tmp_path, study)
    assert set(tables(tmp_path)["trials"]["status"]) == {"finished"}
    assert pipeline.outcome(study, FACTS, StudyStore(tmp_path)).reasons == ()


@pytest.mark.slow
def test_a_failed_shard_is_recorded_and_tried_again(results: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = tables(results)
    store = Workplace(results, results).store
    m, trial, shard = next(item for item in STUDY.measurements(FACTS) if item[0].name == "samples")
    store.folder.delete(shard_file(STUDY.measure_key(m), trial.id, shard))

    def broken(self: object, task: MeasureTask | PrepareTask, **_: object) -> None:
        raise OSError("storage is away")

    monkeypatch.setattr("raysweep.execution.worker.Worker.run", broken)
    run(results)
    failures = tables(results)["failures"]
    assert list(failures["reason"]) == ["OSError: storage is away"]
    assert len(tables(results)["samples"]) == len(before["samples"]) - 16
    monkeypatch.undo()
    run(results)
    pd.testing.assert_frame_equal(tables(results)["samples"], before["samples"])
    assert tables(results)["failures"].empty


@pytest.mark.slow
def test_a_measure_waits_for_the_one_that_it_follows(
    small_results: Path, interrupted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    results, before = interrupted, tables(small_results)
    store = Workplace(results, results).store
    trial = STUDY.trials[1]
    lost = [item for item in STUDY.measurements(FACTS) if item[1] == trial and item[0].name in FOLLOWED_AND_FOLLOWING]
    for m, t, s in lost:
        store.folder.delete(shard_file(STUDY.measure_key(m), t.id, s))
    real, started = worker.Worker.run, []

    def without_one(self: worker.Worker, task: MeasureTask | PrepareTask, **_: object) -> None:
        assert isinstance(task, MeasureTask)
        started.append(task.measure.name)
        if task.shard == lost[0][2]:
            raise UserError("this one fails")
        real(self, task)

    with monkeypatch.context() as patch:
        patch.setattr("raysweep.execution.worker.Worker.run", without_one)
        run(results)
    assert set(started) == {"newton"}
    assert list(tables(results)["failures"]["reason"]) == ["this one fails"]
    outcome = pipeline.outcome(STUDY, FACTS, StudyStore(results))
    assert outcome.shards_missing == 1 + 2
    assert list(run(results).shares)[1:] == [
        f"{STUDY.measure_key(m)}/{t.id}/{s.key}" for m, t, s in lost if m.name == "reconstruction_classifier"
    ]
    for name, table in tables(results).items():
        pd.testing.assert_frame_equal(table, before[name])


def test_a_diverged_trial_is_a_status_and_is_not_measured(tmp_path: Path) -> None:
    arm = STUDY.arms[1].model_copy(
        update={"model": STUDY.arms[1].model.model_copy(update={"learning_rate": 1e30}), "over": {}}
    )
    study = STUDY.model_copy(update={"arms": (arm,)})
    run(tmp_path, study)
    trials = tables(tmp_path)["trials"].set_index("arm")
    assert trials.loc["autoencoder", "status"] == "diverged"
    assert tables(tmp_path)["reconstruction"].empty
    assert pipeline.outcome(study, FACTS, StudyStore(tmp_path)).diverged == 1


SMALL = Resources(cpus=1, gpus=0.25)
POINTS = Study(
    name="points",
    title="A small study of points",
    question="Does the whole way work?",
    data=Grid2d(n=1, train=300, validation=50),
    arms=(
        Arm(model=Gan(layers="mlp", width=4, batch=8, latent_dim=2), over={"steps": grid(0, 5, 20)}, resources=SMALL),
        Arm(model=WganGp(layers="mlp", width=4, batch=8, latent_dim=2, steps=5), resources=SMALL),
        Arm(model=Toy(), resources=SMALL),
    ),
    measures=(
        Modes(samples=100, keep=10),
        ClassRadius(classifier="nearest_mode", samples=20, shard=10, bank=200, rays=4),
        ClassMap(classifier="nearest_mode", resolution=6, samples=10),
        ExactRadius(),
    ),
)


def run_points(folder: Path) -> dict[str, pd.DataFrame]:
    workplace = Workplace(folder, folder)
    run_study(POINTS, workplace, SerialBackend(), Recorder(), ("train", "measure"))
    return {name: workplace.store.table(name) for name in all_tables() if name != "schedule"}


@pytest.fixture(scope="module")
def finished_points(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("points")
    run_points(folder)
    return folder


@pytest.mark.slow
def test_every_model_of_points_is_measured(finished_points: Path) -> None:
    found = run_points(finished_points)  # nothing is left to do
    assert set(found["trials"]["status"]) == {"finished"}
    assert found["failures"].empty
    assert len(found["modes"]) == 4
    assert set(found["modes"]["modes"]) == {9}
    assert len(found["class_radius"]) == 5 * 20
    assert len(found["class_map"]) == 5 * (6 + 1)
    assert len(found["exact_radius"]) == 1
    assert (found["class_radius"]["lower_by"] == "exact").sum() == 20  # the toy's


@pytest.mark.slow
def test_another_run_of_points_gives_the_same_tables(finished_points: Path, tmp_path: Path) -> None:
    for name, table in run_points(tmp_path).items():
        pd.testing.assert_frame_equal(table, Workplace(finished_points, finished_points).store.table(name))


@pytest.mark.slow
def test_a_report_of_points_is_drawn(finished_points: Path, tmp_path: Path) -> None:
    store = Workplace(finished_points, finished_points).store
    store.save_study(
        POINTS, POINTS.data.facts(finished_points), {"cores": 1, "packages": {}, "command": ["raysweep", "points"]}
    )
    write_report(store, tmp_path / "report")
    figures = {path.stem for path in (tmp_path / "report" / "figures").iterdir()}
    assert {"class_map", "class_radius", "exact_radius", "mode_samples", "modes_radius", "training"} <= figures
