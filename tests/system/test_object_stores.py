"""A study whose results lie in an object store: the same tables as on a disk, whatever interrupts it."""

import _thread
import random
from pathlib import Path

import pandas as pd
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from analysis.__main__ import main as analyse
from raysweep.cli.options import DONE, REFUSED
from raysweep.execution.pipeline import run_study
from raysweep.execution.serial import SerialBackend
from raysweep.execution.tasks import Workplace
from raysweep.results.files import join
from raysweep.results.store import StudyStore
from raysweep.run import main
from raysweep.study import FrechetDistance, Reconstruction, Samples
from raysweep.study.measures import Shard
from support import small_study, stored
from support.runs import TABLES, Recorder
from support.s3_server import S3Server
from support.stored import save_samples

STUDY = small_study.STUDY.model_copy(
    update={
        "arms": small_study.STUDY.arms[2:3],
        "seeds": (0,),
        "measures": (FrechetDistance(samples=200), Samples(), Reconstruction(images=8, generated=0, shard=4)),
        "checkpoint_seconds": 0.05,
    }
)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, pd.DataFrame]:
    folder = tmp_path_factory.mktemp("undisturbed")
    run(folder)
    return tables(folder)


def run(location: Path | str) -> None:
    run_study(STUDY, Workplace(location, Path()), SerialBackend(), Recorder(), ["train", "measure"])


def tables(location: Path | str) -> dict[str, pd.DataFrame]:
    return {name: StudyStore(location).table(name) for name in TABLES}


@pytest.fixture
def command(bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("RAYSWEEP_DATA", raising=False)
    Path("study.py").write_text(
        f"from raysweep.study import Study\nSTUDY = Study.model_validate_json({STUDY.model_dump_json()!r})\n"
    )
    return ["study.py", "--serial", "--results", f"{bucket}/some/results"]


def assert_same(found: dict[str, pd.DataFrame], expected: dict[str, pd.DataFrame]) -> None:
    for name, table in expected.items():
        pd.testing.assert_frame_equal(found[name], table, check_exact=True)


@pytest.mark.slow
def test_the_whole_way(
    command: list[str],
    bucket: str,
    undisturbed: dict[str, pd.DataFrame],
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    url = f"{bucket}/some/results/small"
    assert main(command) == DONE
    out = capsys.readouterr().out
    assert f"Results: {url}\n" in out
    assert f"Report: {url}/report/index.html\n" in out
    assert f"tensorboard --logdir {url}/tensorboard\n" in out
    assert_same(tables(url), undisturbed)
    store = StudyStore(url)
    assert b"A small study" in store.folder.read("report/index.html")
    assert not any(name.endswith((".part", "checkpoint.pt")) for name in store.folder.tree(""))
    (trial,) = (trial for trial in STUDY.trials if trial.arm == "vae")
    events = EventAccumulator(f"{url}/tensorboard/{trial.id}")
    events.Reload()
    assert events.Scalars("loss/validation")[-1].step == trial.model.steps

    assert analyse([url, "--out", "here"]) == DONE
    assert (tmp_path / "here" / "index.html").read_bytes() == store.folder.read("report/index.html")
    assert main([*command, "--plan"]) == DONE
    assert "has trials: 2 finished; 7 of 7" in capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.parametrize("store", ["google", "azure"])
def test_google_and_microsoft_give_the_same_tables(
    store: str, undisturbed: dict[str, pd.DataFrame], request: pytest.FixtureRequest
) -> None:
    url = join(request.getfixturevalue(store), "small")
    run(url)
    assert_same(tables(url), undisturbed)
    assert not any(name.endswith((".part", "checkpoint.pt")) for name in StudyStore(url).folder.tree(""))


@pytest.mark.slow
def test_interrupted_at_random_moments_the_same_command_continues(
    bucket: str, s3: S3Server, undisturbed: dict[str, pd.DataFrame]
) -> None:
    seed = random.randrange(2**32)
    moments = random.Random(seed)
    interrupted = 0
    for _ in range(4):
        left = moments.randrange(1, 60)

        def interrupt(request: str) -> bool:
            nonlocal left
            left -= 1
            if left == 0:
                _thread.interrupt_main()
            return False

        s3.fails = interrupt
        try:
            run(bucket)
        except KeyboardInterrupt:
            interrupted += 1
    s3.fails = lambda request: False
    assert interrupted, seed
    run(bucket)
    assert_same(tables(bucket), undisturbed)


@pytest.mark.slow
def test_storage_that_fails_now_and_then_changes_nothing(
    bucket: str, s3: S3Server, undisturbed: dict[str, pd.DataFrame]
) -> None:
    s3.fails = lambda request: len(s3.requests) % 7 == 0
    run(bucket)
    assert_same(tables(bucket), undisturbed)


def test_what_a_trial_and_a_shard_cost_in_requests(bucket: str, s3: S3Server) -> None:
    store, trial = StudyStore(bucket), stored.STUDY.trials[0]
    store.trials.save_checkpoint(trial.id, lambda file: file.write(b"c"))
    assert [request.split()[0] for request in s3.requests] == ["PUT"]
    s3.requests.clear()
    stored.finish(store, trial)
    # Model, history and marker; the checkpoint is removed, where pyarrow keeps its folder; there was no failure.
    assert [r.split()[0] for r in s3.requests] == ["PUT", "PUT", "PUT", "HEAD", "DELETE", "PUT", "HEAD"]
    s3.requests.clear()
    save_samples(store, trial, Shard("samples", 0, 3))
    assert [request.split()[0] for request in s3.requests] == ["PUT", "HEAD"]


def test_what_cannot_be_used_is_said(
    command: list[str], bucket: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = f"{bucket}-missing"
    for arguments in (
        ["--results", missing],
        ["--results", missing, "--plan"],
        ["--results", missing, "--only", "report"],
    ):
        assert main([*command[:2], *arguments]) == REFUSED
        assert f"there is no '{missing[5:]}'; make it" in capsys.readouterr().err
    assert analyse([f"{missing}/small"]) == REFUSED
    assert f"there is no '{missing[5:]}'" in capsys.readouterr().err
    assert analyse([f"{bucket}/nothing"]) == REFUSED
    assert f"results folder {bucket}/nothing: no study.json in it" in capsys.readouterr().err
    assert main(["lcvae_tuning", "--serial", "--results", bucket]) == REFUSED
    assert "a tuning keeps its search in an SQLite database" in capsys.readouterr().err
