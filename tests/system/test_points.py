"""The whole way on points: a data set, families and measures that the small study of images has not."""

from pathlib import Path

import pandas as pd
import pytest

from analysis.report import write_report
from raysweep.execution.pipeline import run_study
from raysweep.execution.serial import SerialBackend
from raysweep.execution.tasks import Workplace
from raysweep.results import tables
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
from support.runs import Recorder

SMALL = Resources(cpus=1, gpus=0.25)
STUDY = Study(
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


def run(folder: Path) -> dict[str, pd.DataFrame]:
    workplace = Workplace(folder, folder)
    run_study(STUDY, workplace, SerialBackend(), Recorder(), ("train", "measure"))
    return {name: workplace.store.table(name) for name in tables.all_tables() if name != "schedule"}


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("points")
    run(folder)
    return folder


@pytest.mark.slow
def test_every_model_is_measured(finished: Path) -> None:
    found = run(finished)  # nothing is left to do
    assert set(found["trials"]["status"]) == {"finished"}
    assert found["failures"].empty
    assert len(found["modes"]) == 4
    assert set(found["modes"]["modes"]) == {9}
    assert len(found["class_radius"]) == 5 * 20
    assert len(found["class_map"]) == 5 * (6 + 1)
    assert len(found["exact_radius"]) == 1
    assert (found["class_radius"]["lower_by"] == "exact").sum() == 20  # the toy's


@pytest.mark.slow
def test_another_run_gives_the_same_tables(finished: Path, tmp_path: Path) -> None:
    for name, table in run(tmp_path).items():
        pd.testing.assert_frame_equal(table, Workplace(finished, finished).store.table(name))


@pytest.mark.slow
def test_a_report_is_drawn(finished: Path, tmp_path: Path) -> None:
    store = Workplace(finished, finished).store
    store.save_study(STUDY, STUDY.data.facts(finished), {"cores": 1, "packages": {}, "command": ["raysweep", "points"]})
    write_report(store, tmp_path / "report")
    figures = {path.stem for path in (tmp_path / "report" / "figures").iterdir()}
    assert {"class_map", "class_radius", "exact_radius", "mode_samples", "modes_radius", "training"} <= figures
